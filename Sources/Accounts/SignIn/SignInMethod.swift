package import Domain

/// One way to find out whether somebody is who they say.
package protocol SignInMethod: Sendable {
    /// As in the configuration: `ldap`, `imap`.
    var name: String { get }

    /// Whether a password belongs to it. If so, it is never asked about an empty one.
    var needsPassword: Bool { get }

    /// Says whether the options can be right, without asking a server.
    /// - Throws: `AccountsError` `.badConfiguration` naming the option.
    func check() throws(AccountsError)

    /// - Returns: The person, or nil: the user or the password is wrong.
    /// - Throws: `AccountsError` if that could not be decided, which lets nobody in either.
    func person(for credentials: Credentials) async throws(AccountsError) -> Person?
}

extension SignInMethod {
    package var needsPassword: Bool { true }
    package func check() throws(AccountsError) {}

    /// Whether the method may be asked about these credentials.
    func accepts(_ credentials: Credentials) -> Bool {
        credentials.isWellFormed && !(needsPassword && credentials.password.isEmpty)
    }
}
