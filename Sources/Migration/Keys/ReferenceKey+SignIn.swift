extension ReferenceKey {
    /// The ways to sign in that are asked for a password, in the reference's order.
    private static let methods = [
        (key: "check_user_with_local", method: "local", needs: nil as String?),
        ("check_user_with_imap", "imap", "imap_server"), ("check_user_with_smtp", "smtp", "smtp_server"),
        ("check_user_with_ldap", "ldap", "ldap_server"),
    ]

    static let signIn: [ReferenceKey] =
        methods.map { entry in
            ReferenceKey(
                name: entry.key, fate: .carried, ours: ["auth.methods"],
                note: entry.needs.map { "`\(entry.method)`, where `\($0)` is set." }
                    ?? "`local`: accounts of this host, by PAM and not by SSH."
            ) { value, all throws(Refusal) in
                guard value.isTrue else { return [] }
                if let needs = entry.needs, all.text(needs) == nil { throw Refusal("there is no \(needs)") }
                let chosen = methods.filter { all.isOn($0.key) && ($0.needs.map { all.text($0) != nil } ?? true) }
                return [("auth.methods", "[\(chosen.map(\.method).joined(separator: ", "))]")]
            }
        } + [
            dropped(
                "check_user_with_email",
                "A name alone let people in there. Name their domains in `auth.email.domains` and add `email` to `auth.methods`: they get a code."
            ),
            ReferenceKey(
                name: "check_user_mfa", fate: .changed, ours: ["auth.second_factor"],
                note: "`email`: a code by mail after the password, in place of the display's password."
            ) { value, all throws(Refusal) in
                guard value.isTrue else { return [] }
                guard all.text("smtp_server") != nil, all.text("email_from") != nil else {
                    throw Refusal("there is no smtp_server with email_from to send the code")
                }
                return [("auth.second_factor", "email")]
            },
            dropped(
                "check_user_custom", "Code in Perl: a program of yours does so (`auth.command.path`, docs/accounts.md)."
            ),
            list("user_admin", .carried, "auth.admins", "Exact names.", write: \.yaml),
            server("imap_server", "auth.imap.url", "By TLS.") { all in
                "imaps://\(all.address("imap_server", "imap_port", 993))"
            },
            companion("imap_port", "auth.imap.url", of: "imap_server"),
            ReferenceKey(
                name: "ldap_server", fate: .changed, ours: ["auth.ldap.url", "auth.ldap.user"],
                note:
                    "With StartTLS, where passwords crossed the network in clear; `auth.ldap.start_tls: false` is as it was."
            ) { value, all in
                guard !value.members.isEmpty else { return [] }
                let scheme = all.text("ldap_port") == "636" ? "ldaps" : "ldap"
                return [
                    ("auth.ldap.url", "\(scheme)://\(all.address("ldap_server", "ldap_port", 389))".yaml),
                    ("auth.ldap.user", "cn"),
                ]
            },
            companion("ldap_port", "auth.ldap.url", of: "ldap_server"),
            ReferenceKey(
                name: "ldap_domain", fate: .changed, ours: ["auth.ldap.base"],
                note: "The search began at `dc=` and this; a more exact base is better."
            ) { value, all throws(Refusal) in
                guard let domain = value.text else { throw Refusal("it is a list") }
                return domain.isEmpty || all.text("ldap_server") == nil ? [] : [("auth.ldap.base", "dc=\(domain)".yaml)]
            },
        ]

    static let mail: [ReferenceKey] = [
        ReferenceKey(
            name: "smtp_server", fate: .changed, ours: ["auth.smtp.url", "mail.url"],
            note:
                "To sign in if `check_user_with_smtp` is on, for mails if there is an `email_from`. Never without TLS for a password."
        ) { value, all in
            guard !value.members.isEmpty else { return [] }
            // Without a port a way to sign in and a sender of mails would take different ones.
            let url =
                "\(all.text("smtp_port") == "465" ? "smtps" : "smtp")://\(all.address("smtp_server", "smtp_port", nil))"
                .yaml
            return (all.isOn("check_user_with_smtp") ? [("auth.smtp.url", url)] : [])
                + (all.text("email_from") == nil ? [] : [("mail.url", url)])
        },
        companion("smtp_port", "mail.url", of: "smtp_server"),
        dropped("smtp_use_ssl", "Port 465 is TLS, all others STARTTLS."),
        ReferenceKey(
            name: "email_from", fate: .carried, ours: ["mail.from"], note: "If there is an `smtp_server`."
        ) { value, all throws(Refusal) in
            guard let sender = value.text else { throw Refusal("it is a list") }
            return sender.isEmpty || all.text("smtp_server") == nil ? [] : [("mail.from", sender.yaml)]
        },
        ReferenceKey(
            name: "email_passwd", fate: .changed, ours: ["mail.user", "mail.password_file"],
            note: "In a file of its own, mode 0600, and no more in the configuration."
        ) { value, all in
            guard !value.members.isEmpty, let sender = all.text("email_from"), all.text("smtp_server") != nil else {
                return []
            }
            return [("mail.user", sender.yaml), ("mail.password_file", SettingsImport.passwordMark)]
        },
        ReferenceKey(
            name: "email_method", fate: .carried, ours: ["mail.method"], note: "`simple` without a password alone."
        ) { value, _ throws(Refusal) in
            guard let method = value.text?.lowercased() else { throw Refusal("it is a list") }
            return method.isEmpty ? [] : [("mail.method", method.yaml)]
        },
    ]

    private static func server(
        _ name: String, _ ours: String, _ note: String, write: @escaping @Sendable (ReferenceConfiguration) -> String
    ) -> ReferenceKey {
        ReferenceKey(name: name, fate: .carried, ours: [ours], note: note) { value, all in
            value.members.isEmpty ? [] : [(ours, write(all).yaml)]
        }
    }

    /// The port of a server, which stands in its address.
    private static func companion(_ name: String, _ ours: String, of server: String) -> ReferenceKey {
        ReferenceKey(name: name, fate: .carried, ours: [ours], note: "A part of the address of `\(server)`.") {
            value, all throws(Refusal) in
            _ = try port(value)
            // The server itself says it.
            return []
        }
    }
}

extension ReferenceConfiguration {
    /// `host:port`, without the port where it is the usual one. Nil: there is none, and 587 if nothing is said (RFC 6409).
    fileprivate func address(_ server: String, _ port: String, _ usual: Int?) -> String {
        let host = text(server) ?? ""
        let number = text(port).flatMap { Int($0) } ?? usual ?? 587
        return number == usual ? host : "\(host):\(number)"
    }
}
