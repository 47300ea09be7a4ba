package import Domain

extension Settings.Auth {
    /// A directory in which a person is looked up and then bound as.
    package struct LDAP: Sendable, Equatable {
        /// Nil: not configured.
        package var url: ServerURL?
        /// Whether `ldap://` must become TLS before anything is said. Without it passwords travel in clear.
        package var startTLS = true
        /// Absolute path of the certificates to believe in. Nil: those of the system.
        package var ca: String?
        /// Nil: not configured.
        package var base: String?
        /// `{user}` stands for the name that the person gave, to be escaped (RFC 4515 3).
        package var filter = "(|(uid={user})(cn={user})(mail={user}))"
        /// Who searches. Nil: anybody.
        package var bindDN: String?
        /// Absolute path for `SecretFile`. Nil exactly when `bindDN` is.
        package var bindPasswordFile: String?
        /// Attribute with the one name that a person has for us, whatever they signed in by.
        package var user = "uid"
        /// Nil: nobody's address is taken from the directory.
        package var mail: String? = "mail"
        /// Nil: nobody is an administrator by a group.
        package var groups: String? = "memberOf"
        package var timeout = Duration.seconds(5)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.ldap.url", \.auth.ldap.url, .optional(.server("ldap", "ldaps")),
                "The directory. Empty: not configured."),
            SettingsKey(
                "auth.ldap.start_tls", \.auth.ldap.startTLS, .boolean,
                "Whether `ldap://` must become TLS (StartTLS) first. `false`: passwords cross the network in clear."),
            SettingsKey(
                "auth.ldap.ca", \.auth.ldap.ca, .optional(.absolutePath),
                "Certificates that the server's must follow from, in PEM. Empty: those of the system."),
            SettingsKey(
                "auth.ldap.base", \.auth.ldap.base, .optional(.text),
                "Where people are searched, such as `ou=people,dc=example,dc=org`. Empty: not configured."),
            SettingsKey(
                "auth.ldap.filter", \.auth.ldap.filter, .filter,
                "How a person is found; `{user}` is what they typed. Exactly one entry must be found."),
            SettingsKey(
                "auth.ldap.bind_dn", \.auth.ldap.bindDN, .optional(.text), "Who searches. Empty: an anonymous search."),
            SettingsKey(
                "auth.ldap.bind_password_file", \.auth.ldap.bindPasswordFile, .optional(.absolutePath),
                "File with the password of `auth.ldap.bind_dn`, mode 0600, or 0640 of root and the group of who reads it."
            ),
            SettingsKey(
                "auth.ldap.user", \.auth.ldap.user, .attribute,
                "Attribute with a person's name for qwd: the same whether they sign in by name or by address."),
            SettingsKey(
                "auth.ldap.mail", \.auth.ldap.mail, .optional(.attribute),
                "Attribute with a person's e-mail address. Empty: none is taken."),
            SettingsKey(
                "auth.ldap.groups", \.auth.ldap.groups, .optional(.attribute),
                "Attribute with the groups of a person, for `auth.admin_group`. Empty: none are taken."),
            SettingsKey(
                "auth.ldap.timeout", \.auth.ldap.timeout, .timeout,
                "How long the server may take before this method refuses."),
        ]
    }
}

extension ValueFormat<Duration> {
    /// How long a method of signing in may take: never without end.
    static var timeout: Self { .duration(.milliseconds(100) ... .seconds(60)) }
}
