import CCurl
import Domain

/// What the sign-in with a mail server needs, whichever protocol it speaks.
package struct MailAccountOptions: Sendable {
    /// With `s` at the end of the scheme TLS from the first byte on, without it STARTTLS, which then must be there.
    package var url: String
    /// File with the CA certificates to trust; empty means those of the system.
    package var ca = ""
    /// Domain of the server's users: `alice` and `alice@domain` are one person then.
    package var mailDomain = ""
    package var timeout: Duration = .seconds(10)

    package init(url: String) {
        self.url = url
    }
}

/// Signs in at a mail server, says nothing more, and leaves.
struct MailAccount: Sendable {
    /// `imap` or `smtp`; also the name of the method.
    let `protocol`: String
    let options: MailAccountOptions
    private let pool: BlockingPool

    init(_ protocol: String, _ options: MailAccountOptions) {
        self.protocol = `protocol`
        self.options = options
        pool = BlockingPool("Mail server \(options.url)")
    }

    var endpoint: MailEndpoint {
        get throws(AccountsError) {
            let address = try ServerAddress(
                options.url, schemes: [`protocol`, `protocol` + "s"], option: "\(`protocol`).url")
            return MailEndpoint(
                protocol: `protocol`, address: address.description,
                encryption: address.scheme == `protocol` ? .startTLS : .implicit, ca: options.ca)
        }
    }

    func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        let endpoint = try endpoint
        let isRight = try await pool.run(limit: options.timeout) { call throws(AccountsError) in
            try Self.isRight(credentials, endpoint, until: call.deadline)
        }
        return isRight ? try person(called: credentials.user) : nil
    }

    private static func isRight(
        _ credentials: Credentials, _ endpoint: MailEndpoint, until deadline: ContinuousClock.Instant
    ) throws(AccountsError) -> Bool {
        let dialogue = try MailSession(endpoint)
        try dialogue.prepare(credentials: credentials, until: deadline)
        // Both protocols have it, and it does nothing in both.
        try dialogue.handle.set(CURLOPT_CUSTOMREQUEST, "NOOP")
        let code = dialogue.run()
        switch dialogue.observer.answer {
        case .refused: return false
        case .accepted where code == CURLE_OK: return true
        case .undecided: throw AccountsError(.unavailable, "Mail server \(endpoint.address) can't check passwords now.")
        case .none where code == CURLE_OK || code == CURLE_LOGIN_DENIED:
            throw AccountsError(
                .badConfiguration,
                "Mail server \(endpoint.address) offers no sign-in with PLAIN or LOGIN, so it can't check a password.")
        case .accepted, .none: throw dialogue.failure(code)
        }
    }

    /// The name without the server's own domain, so that one person has one name.
    func person(called user: String) throws(AccountsError) -> Person {
        func name(_ text: String) throws(AccountsError) -> PersonName {
            try PersonName(spelling: text, by: "\(`protocol`)")
        }
        // Mail servers do not mind case, so one person must not be two for limits.
        let user = user.lowercased()
        let address = EmailAddress(user)
        if let address, address.domain == options.mailDomain.lowercased() {
            return Person(name: try name(address.local), email: address.text, method: `protocol`)
        }
        guard user.contains("@") else {
            return Person(
                name: try name(user), email: EmailAddress("\(user)@\(options.mailDomain)")?.text, method: `protocol`)
        }
        return Person(name: try name(user), email: address?.text, method: `protocol`)
    }
}
