package import Domain

extension Settings {
    /// How mails are sent.
    package struct Mail: Sendable, Equatable {
        package enum Method: String, Sendable, CaseIterable { case auto, ssl, port, simple }

        /// Nil: no mail is sent.
        package var url: ServerURL?
        /// Never nil beside a URL.
        package var from: String?
        /// Nil: no password is sent either.
        package var user: String?
        /// Absolute path for `SecretFile`. Nil exactly when `user` is.
        package var passwordFile: String?
        package var method = Method.auto
        /// Absolute path of the certificates to believe in. Nil: those of the system.
        package var ca: String?

        static let keys: [SettingsKey] = [
            SettingsKey(
                "mail.url", \.mail.url, .optional(.server("smtp", "smtps")),
                "The server that takes our mails. Empty: none are sent."),
            SettingsKey("mail.from", \.mail.from, .optional(.mailAddress), "The sender of our mails."),
            SettingsKey(
                "mail.user", \.mail.user, .optional(.text),
                "Who we are for that server. Empty: we do not sign in there."),
            SettingsKey(
                "mail.password_file", \.mail.passwordFile, .optional(.absolutePath),
                "File with the password of `mail.user`, mode 0600, or 0640 of root and the group of who reads it."),
            SettingsKey(
                "mail.method", \.mail.method, .choice,
                "`auto`: TLS (port 465), else STARTTLS (587), else, without a password, plain (25). `ssl`: TLS. "
                    + "`port`: STARTTLS. `simple`: plain, without a password. A port in the URL is the one that is used."
            ),
            SettingsKey(
                "mail.ca", \.mail.ca, .optional(.absolutePath),
                "Certificates that the server's must follow from, in PEM. Empty: those of the system."),
        ]
    }
}
