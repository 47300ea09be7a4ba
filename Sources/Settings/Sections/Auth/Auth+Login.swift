extension Settings.Auth {
    /// How long a person stays signed in.
    package struct Login: Sendable, Equatable {
        /// Without any request.
        package var idle = Duration.hours(8)
        /// Whatever they do. Never less than `idle`.
        package var absolute = Duration.hours(24)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.login.idle", \.auth.login.idle, .duration(.seconds(1) ... .days(365)),
                "How long a person stays signed in who does nothing."),
            SettingsKey(
                "auth.login.absolute", \.auth.login.absolute, .duration(.seconds(1) ... .days(365)),
                "How long a person stays signed in at most."),
        ]
    }
}
