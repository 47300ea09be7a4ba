package import Domain

/// Accounts of a mail server, by IMAP.
package struct IMAPMethod: SignInMethod {
    package let name = "imap"
    private let account: MailAccount

    package init(_ options: MailAccountOptions) {
        account = MailAccount(name, options)
    }

    package func check() throws(AccountsError) {
        _ = try account.endpoint
    }

    package func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        guard accepts(credentials) else { return nil }
        return try await account.person(for: credentials)
    }
}
