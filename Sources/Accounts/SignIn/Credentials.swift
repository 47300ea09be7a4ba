package import Domain

/// What a person types to sign in.
package struct Credentials: Sendable {
    /// In the spelling that names have, where it can be a name.
    package let user: String
    package let password: Secret
    /// Nil for what is nobody's name.
    package let name: PersonName?

    package init(user: String, password: Secret) {
        name = try? PersonName(user)
        self.user = name?.text ?? user
        self.password = password
    }

    /// Whether a method may see them at all. Everything else is refused unseen: it is no name or password anybody has,
    /// and a NUL or a line break would mean something to a C library or on a wire.
    package var isWellFormed: Bool {
        name != nil && password.revealed.utf8.count <= 1024
            && !password.revealed.utf8.contains { [0, 0x0A, 0x0D].contains($0) }
    }
}

extension PersonName {
    /// The name of somebody who was admitted, as the authority spells it.
    /// - Parameter authority: Who spells it so, for the message.
    /// - Throws: `AccountsError` `.badConfiguration` if that is nobody's name: then it can't be said who that is.
    init(spelling text: String, by authority: String) throws(AccountsError) {
        do {
            try self.init(text)
        } catch {
            throw AccountsError(
                .badConfiguration,
                "\(authority) calls somebody by what is no name here (\(error)), so they can't come in.")
        }
    }
}
