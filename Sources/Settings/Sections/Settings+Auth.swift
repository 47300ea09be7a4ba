extension Settings {
    package struct Auth: Sendable, Equatable {
        /// A way to sign in. `none` lets everybody in under the name they give.
        package enum Method: String, Sendable, CaseIterable {
            case local, ldap, imap, smtp, email, command, none

            /// The methods that this build can do.
            package static let available: Set<Method> = [.none]
        }

        /// The methods in the order in which they are asked.
        package var methods: [Method] = []
        /// People who may see and stop everybody's sessions.
        package var admins: [String] = []

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.methods", \.auth.methods, .list(of: .choice),
                "How people sign in, in this order. This build can do `none`: everybody gets in, without password. "
                    + "A frontend does not start while the list is empty."),
            SettingsKey(
                "auth.admins", \.auth.admins, .list(of: .text),
                "People who see and stop everybody's sessions."),
        ]
    }

    /// Why a frontend must refuse to start, and the way out; nil if people can sign in.
    package var signInProblem: String? {
        guard auth.methods.isEmpty else { return nil }
        return """
            auth.methods is empty: nobody could sign in. \
            Write "auth: { methods: [none] }" in the configuration, or set QWD_AUTH_METHODS=none, \
            to let everybody in without password.
            """
    }
}
