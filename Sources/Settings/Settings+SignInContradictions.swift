extension Settings {
    /// Keys that need another one beside them, once they have a value.
    private static let companions = [
        ("tls.certificate", needs: "tls.key"), ("tls.key", needs: "tls.certificate"), ("mail.url", needs: "mail.from"),
        ("mail.user", needs: "mail.password_file"), ("mail.password_file", needs: "mail.user"),
        // A name without password is no error for a directory: it answers as if nobody had asked (RFC 4513 5.1.2).
        ("auth.ldap.bind_dn", needs: "auth.ldap.bind_password_file"),
        ("auth.ldap.bind_password_file", needs: "auth.ldap.bind_dn"),
    ]

    func companionContradictions(ignoring wrong: Set<String>) -> [SettingsError] {
        Self.companions.filter { !isEmpty($0.0) && !missing([$0.needs], ignoring: wrong).isEmpty }.map { key, other in
            contradiction(
                key, "a value without \(other)", "a value of \(other) too", "set \(other), or leave \(key) empty")
        }
    }

    func signInContradictions(ignoring wrong: Set<String>) -> [SettingsError] {
        var found: [SettingsError] = []
        if auth.methods.contains(.none) {
            if auth.methods.count > 1 {
                found.append(
                    contradiction(
                        "auth.methods", "\"none\" beside other methods", "none alone, or methods without it",
                        "with none in the list nobody would ever be asked for a password"))
            }
            if auth.secondFactor != .none {
                found.append(
                    contradiction(
                        "auth.second_factor", "\"\(auth.secondFactor.rawValue)\" with the method none", "none",
                        "who is asked for no password is asked for no code either; set auth.methods"))
            }
        }
        for method in auth.methods {
            let missing = missing(method.neededKeys, ignoring: wrong)
            if missing.isEmpty { continue }
            let names = missing.joined(separator: " and ")
            found.append(
                contradiction(
                    "auth.methods", "\"\(method.rawValue)\" without \(names)", "a method that is configured",
                    "set \(names), or take \(method.rawValue) out of the list"))
        }
        if auth.secondFactor == .email {
            let names = missing(["mail.url"], ignoring: wrong).joined(separator: " and ")
            if !names.isEmpty {
                found.append(
                    contradiction(
                        "auth.second_factor", "\"email\" without \(names)", "a way to send the code",
                        "set \(names), or another second factor"))
            }
        }
        if auth.login.idle > auth.login.absolute, wrong.isDisjoint(with: ["auth.login.idle", "auth.login.absolute"]) {
            let limit = auth.login.absolute.configurationText
            found.append(
                contradiction(
                    "auth.login.idle", auth.login.idle.configurationText, "at most \(limit)",
                    "that is auth.login.absolute (\(origins["auth.login.absolute"]))"))
        }
        return found
    }

    private func contradiction(
        _ key: String, _ found: String, _ expected: String, _ advice: String
    ) -> SettingsError {
        SettingsError(origin: origins[key], key: key, found: found, expected: expected, advice: advice)
    }

    /// Those of some keys that have no value, and what these will need in turn.
    private func missing(_ keys: [String], ignoring wrong: Set<String>) -> [String] {
        func lacks(_ key: String) -> Bool { isEmpty(key) && !wrong.contains(key) }
        return keys.filter(lacks).flatMap { key in
            [key] + Self.companions.filter { $0.0 == key }.map(\.needs).filter(lacks)
        }
    }

    /// Whether a key has neither text nor list.
    private func isEmpty(_ name: String) -> Bool {
        ["\"\"", "[]"].contains(SettingsSchema.key(named: name)?.value(in: self))
    }
}

extension Settings.Auth.Method {
    /// The keys without which this method could only refuse.
    fileprivate var neededKeys: [String] {
        switch self {
        case .ldap: ["auth.ldap.url", "auth.ldap.base"]
        case .imap: ["auth.imap.url"]
        case .smtp: ["auth.smtp.url"]
        case .email: ["auth.email.domains", "mail.url"]
        case .command: ["auth.command.path"]
        case .local, .none: []
        }
    }
}
