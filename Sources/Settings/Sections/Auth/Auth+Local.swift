extension Settings.Auth {
    /// Accounts of this host, by PAM.
    package struct Local: Sendable, Equatable {
        /// Name of the file in `/etc/pam.d`.
        package var service = "qwd"

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.local.service", \.auth.local.service, .name, "Name of the PAM service: a file in `/etc/pam.d`.")
        ]
    }
}
