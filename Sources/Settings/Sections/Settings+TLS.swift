extension Settings {
    /// What the web pages and the displays are served with. Both nil: without TLS.
    package struct TLS: Sendable, Equatable {
        /// Absolute path.
        package var certificate: String?
        /// Absolute path for `SecretFile`.
        package var key: String?

        static let keys: [SettingsKey] = [
            SettingsKey(
                "tls.certificate", \.tls.certificate, .optional(.absolutePath),
                "Certificate of web pages and displays, and those it follows from, in PEM. Empty: served without TLS."),
            SettingsKey(
                "tls.key", \.tls.key, .optional(.absolutePath),
                "File with its private key in PEM, mode 0600, or 0640 of root and the group of who reads it."),
        ]
    }
}
