package import Domain

/// A directory: finds the one entry that fits the name typed, then binds as it with the password.
package struct LDAPMethod: SignInMethod {
    package struct Options: Sendable {
        /// `ldap://host` or `ldaps://host`, with or without a port.
        package var url: String
        /// For `ldap://`: encrypt before anything is said. Only an explicit false sends passwords in clear.
        package var startTLS = true
        /// File with the CA certificates to trust; empty means those of the system's ldap.conf.
        package var ca = ""
        package var base: String
        /// RFC 4515, with `{user}` for the name typed.
        package var filter = "(|(uid={user})(cn={user})(mail={user}))"
        /// Who searches; empty means anonymous.
        package var bindDN = ""
        package var bindPassword = Secret("")
        package var userAttribute = "uid"
        package var mailAttribute = "mail"
        package var groupsAttribute = "memberOf"
        package var timeout: Duration = .seconds(5)
        /// Hears why the server refuses somebody, for the administrator: that an account is locked or has expired, for one.
        package var noteRefusal: @Sendable (String) -> Void = { _ in }

        package init(url: String, base: String) {
            self.url = url
            self.base = base
        }
    }

    package let name = "ldap"
    private let options: Options
    private let pool: BlockingPool

    package init(_ options: Options) {
        self.options = options
        pool = BlockingPool("LDAP server \(options.url)")
    }

    package func check() throws(AccountsError) {
        _ = try address
        guard options.filter.contains("{user}") else {
            throw AccountsError(.badConfiguration, "ldap.filter has no {user}: it would find the same for everybody.")
        }
        guard !options.userAttribute.isEmpty else {
            throw AccountsError(.badConfiguration, "ldap.user is empty; it names the attribute with the user's name.")
        }
        // A name without a password would succeed as somebody anonymous (RFC 4513 5.1.2).
        guard options.bindDN.isEmpty == options.bindPassword.isEmpty else {
            throw AccountsError(.badConfiguration, "ldap.bind_dn and its password go together; one of them is empty.")
        }
        let texts = [
            options.ca, options.base, options.filter, options.bindDN, options.bindPassword.revealed,
            options.userAttribute, options.mailAttribute, options.groupsAttribute,
        ]
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw AccountsError(.badConfiguration, "An option of ldap has a NUL character in it.")
        }
    }

    private var address: ServerURL {
        get throws(AccountsError) { try ServerURL(options.url, schemes: ["ldap", "ldaps"], option: "ldap.url") }
    }

    package func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        guard accepts(credentials) else { return nil }
        try check()
        let address = try address
        let options = options
        let entry = try await pool.run(limit: options.timeout) { call throws(AccountsError) in
            let connection = try LDAPConnection(address, options, call)
            return try connection.entry(of: credentials)
        }
        guard let entry else { return nil }
        // The password was right, so this tells nobody which names there are.
        guard let user = entry.values(of: options.userAttribute).first else {
            throw AccountsError(
                .badConfiguration,
                "The LDAP entry \(entry.dn) has no \(options.userAttribute) (ldap.user), so nobody can say who that is. "
                    + "In Active Directory it is sAMAccountName.")
        }
        let addresses = entry.values(of: options.mailAttribute).compactMap { EmailAddress($0)?.text }
        return Person(
            name: try PersonName(spelling: user, by: "ldap.user: the entry \(entry.dn)"), email: addresses.first,
            groups: entry.values(of: options.groupsAttribute), method: name)
    }
}
