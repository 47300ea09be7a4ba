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

extension Settings.Auth {
    /// A program that decides: user and password on its standard input, the answer is its exit code.
    package struct Command: Sendable, Equatable {
        /// Absolute. Nil: not configured.
        package var path: String?
        package var timeout = Duration.seconds(5)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.command.path", \.auth.command.path, .optional(.absolutePath),
                "Program that gets user and password on its standard input and lets in by exit code 0. "
                    + "Empty: not configured."),
            SettingsKey(
                "auth.command.timeout", \.auth.command.timeout, .timeout,
                "How long it may take before it is ended and the person refused."),
        ]
    }
}

extension Settings.Auth {
    /// A link with a one-time code, mailed to who asks for it.
    package struct Email: Sendable, Equatable {
        /// In small letters. An address of another domain is refused.
        package var domains: [String] = []
        /// Whether people who came in this way get one-shot sessions only.
        package var oneShot = true

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.email.domains", \.auth.email.domains, .list(of: .domain),
                "Domains whose addresses may sign in by a mailed code."),
            SettingsKey(
                "auth.email.one_shot", \.auth.email.oneShot, .boolean,
                "Whether they get one-shot sessions only, which end when the viewer leaves."),
        ]
    }
}

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
