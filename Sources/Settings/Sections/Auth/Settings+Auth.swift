package import Domain

extension Settings {
    /// How people sign in.
    package struct Auth: Sendable, Equatable {
        /// A way to sign in. `none` lets everybody in under the name they give.
        package enum Method: String, Sendable, CaseIterable {
            case local, ldap, imap, smtp, email, command, none
        }

        /// What is asked for after the password.
        package enum SecondFactor: String, Sendable, CaseIterable {
            case none, email, totp
        }

        /// The methods in the order in which they are asked.
        package var methods: [Method] = []
        /// People who may see and stop everybody's sessions.
        package var admins: [PersonName] = []
        /// LDAP group whose members may do the same; nil if there is none.
        package var adminGroup: String?
        package var secondFactor = SecondFactor.none
        package var local = Local()
        package var ldap = LDAP()
        package var imap = MailServer()
        package var smtp = MailServer()
        package var email = Email()
        package var command = Command()
        package var login = Login()

        static let keys: [SettingsKey] =
            [
                SettingsKey(
                    "auth.methods", \.auth.methods, .list(of: .choice),
                    "How people sign in: each method is asked in this order until one lets the person in. `none`, alone: "
                        + "everybody gets in, without password. A frontend does not start while the list is empty."),
                SettingsKey(
                    "auth.admins", \.auth.admins, .list(of: .userName),
                    "People who see and stop everybody's sessions, by their exact names."),
                SettingsKey(
                    "auth.admin_group", \.auth.adminGroup, .optional(.text),
                    "LDAP group whose members do so too, as `auth.ldap.groups` names it. Empty: no group."),
                SettingsKey(
                    "auth.second_factor", \.auth.secondFactor, .choice,
                    "What is asked for after the password: a code by mail, or one of an authenticator app (RFC 6238)."),
            ] + Local.keys + LDAP.keys + MailServer.keys + Email.keys + Command.keys + Login.keys
    }

    /// Why a frontend must refuse to start, and the way out; nil if people can sign in.
    package var signInProblem: String? {
        guard auth.methods.isEmpty else { return nil }
        return """
            auth.methods is empty: nobody could sign in. \
            Write "auth: { methods: [local] }" in the configuration to let in who has an account on this host, \
            or set QWD_AUTH_METHODS=none to let everybody in without password.
            """
    }
}
