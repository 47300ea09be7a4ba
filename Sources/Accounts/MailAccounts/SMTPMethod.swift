package import Domain

/// Accounts of a mail server, by the AUTH of its submission service (RFC 4954). It sends no mail.
package struct SMTPMethod: SignInMethod {
    package let name = "smtp"
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
