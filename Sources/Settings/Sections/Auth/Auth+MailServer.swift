package import Domain

extension Settings.Auth {
    /// A mail server that is asked whether a password is right, by IMAP or by SMTP.
    package struct MailServer: Sendable, Equatable {
        /// Nil: not configured. A scheme without TLS (`imap`, `smtp`) means that STARTTLS is required.
        package var url: ServerURL?
        /// Absolute path of the certificates to believe in. Nil: those of the system.
        package var ca: String?
        /// What follows the `@` in people's addresses. Nil: nobody's address is known from here.
        package var mailDomain: String?
        package var timeout = Duration.seconds(10)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.imap.url", \.auth.imap.url, .optional(.server("imaps", "imap")),
                "The IMAP server; `imap://` means that STARTTLS is required. Empty: not configured."),
            SettingsKey("auth.imap.ca", \.auth.imap.ca, .optional(.absolutePath), caMeaning),
            SettingsKey("auth.imap.mail_domain", \.auth.imap.mailDomain, .optional(.domain), domainMeaning),
            SettingsKey("auth.imap.timeout", \.auth.imap.timeout, .timeout, timeoutMeaning),
            SettingsKey(
                "auth.smtp.url", \.auth.smtp.url, .optional(.server("smtps", "smtp")),
                "The SMTP server; `smtp://` means that STARTTLS is required. Empty: not configured."),
            SettingsKey("auth.smtp.ca", \.auth.smtp.ca, .optional(.absolutePath), caMeaning),
            SettingsKey("auth.smtp.mail_domain", \.auth.smtp.mailDomain, .optional(.domain), domainMeaning),
            SettingsKey("auth.smtp.timeout", \.auth.smtp.timeout, .timeout, timeoutMeaning),
        ]

        private static let caMeaning =
            "Certificates that the server's must follow from, in PEM. Empty: those of the system."
        private static let domainMeaning =
            "The e-mail address of `alice` is `alice@` with this behind it, and she may sign in by either. Empty: nobody signs in by address."
        private static let timeoutMeaning = "How long the server may take before this method refuses."
    }
}
