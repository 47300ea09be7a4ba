import CCurl
import Domain

/// What the sign-in with a mail server needs, whichever protocol it speaks.
package struct MailAccountOptions: Sendable {
    /// With `s` at the end of the scheme TLS from the first byte on, without it STARTTLS, which then must be there.
    package var url: String
    /// File with the CA certificates to trust; empty means those of the system.
    package var ca = ""
    /// Domain of the server's users: `alice` and `alice@domain` are one person then. Nobody has another domain, and without
    /// this none at all.
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
            let address = try ServerURL(
                options.url, schemes: [`protocol`, `protocol` + "s"], option: "\(`protocol`).url")
            return MailEndpoint(
                protocol: `protocol`, address: address.authority.description,
                encryption: address.scheme == `protocol` ? .startTLS : .implicit, ca: options.ca)
        }
    }

    func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        let endpoint = try endpoint
        guard let person = try person(called: credentials.user) else { return nil }
        let isRight = try await pool.run(limit: options.timeout) { call throws(AccountsError) in
            try Self.isRight(credentials, endpoint, until: call.deadline)
        }
        return isRight ? person : nil
    }

    private static func isRight(
        _ credentials: Credentials, _ endpoint: MailEndpoint, until deadline: ContinuousClock.Instant
    ) throws(AccountsError) -> Bool {
        let dialogue = try MailSession(endpoint)
        try dialogue.prepare(credentials: credentials, until: deadline)
        // Both protocols have it, and it does nothing in both.
        try dialogue.handle.set(CURLOPT_CUSTOMREQUEST, "NOOP")
        let code = dialogue.run()
        let observer = dialogue.observer
        let isUnasked = observer.answer == .none && (code == CURLE_OK || code == CURLE_LOGIN_DENIED)
        if isUnasked, endpoint.protocol == "imap", !observer.refusesLogin {
            return try logsIn(credentials, endpoint, until: deadline)
        }
        return try verdict(of: dialogue, code)
    }

    /// The same at an IMAP server that offers no mechanism we take: every one has the LOGIN command (RFC 9051 6.2.3), unless it
    /// says otherwise. libcurl sends it by itself only where it knows none of the mechanisms that are offered.
    private static func logsIn(
        _ credentials: Credentials, _ endpoint: MailEndpoint, until deadline: ContinuousClock.Instant
    ) throws(AccountsError) -> Bool {
        let dialogue = try MailSession(endpoint)
        try dialogue.prepare(credentials: nil, until: deadline)
        // A quoted string; libcurl decodes the request once.
        let words = [credentials.user, credentials.password.revealed].map { text in
            let escaped = text.flatMap { letter -> [Character] in "\"\\".contains(letter) ? ["\\", letter] : [letter] }
            return PercentEncoding.encoded("\"\(String(escaped))\"")
        }
        try dialogue.handle.set(CURLOPT_CUSTOMREQUEST, "LOGIN \(words[0]) \(words[1])")
        let code = dialogue.run()
        // A refusal is an error of the request to libcurl.
        return try verdict(of: dialogue, code)
    }

    private static func verdict(of dialogue: borrowing MailSession, _ code: CURLcode) throws(AccountsError) -> Bool {
        switch dialogue.observer.answer {
        case .refused: return false
        case .accepted where code == CURLE_OK: return true
        case .undecided:
            let words = dialogue.observer.words
            throw AccountsError(
                // 534 and 538 ask for something else than a password, for good.
                words.hasPrefix("534") || words.hasPrefix("538") ? .badConfiguration : .unavailable,
                "Mail server \(dialogue.address) can't check passwords now: \(words)")
        case .none where code == CURLE_OK || code == CURLE_LOGIN_DENIED:
            throw AccountsError(
                .badConfiguration,
                "Mail server \(dialogue.address) offers no sign-in with PLAIN or LOGIN, so it can't check a password.")
        case .accepted, .none: throw dialogue.failure(code)
        }
    }

    /// Who somebody is who signs in by this name.
    ///
    /// These servers do not say who they took somebody for, and many take several texts for one mailbox: any domain, `%` in
    /// place of `@`, a name with that of a master user behind it, letters that look alike. Each would be a person of its own
    /// here, without a second factor and with limits of its own. So a name is what no server reads in two ways.
    /// - Returns: Nil if it may mean somebody who has another name here; the server is not asked then.
    func person(called user: String) throws(AccountsError) -> Person? {
        // Mail servers do not mind case.
        let user = user.lowercased()
        let parts = user.split(separator: "@", omittingEmptySubsequences: false)
        let domain = options.mailDomain.lowercased()
        guard parts.count == 1 || parts.count == 2 && !domain.isEmpty && parts[1] == domain,
            let first = parts[0].utf8.first, first.isLetterOrDigit, parts[0].utf8.allSatisfy(Self.isOfName)
        else { return nil }
        return Person(
            name: try PersonName(spelling: String(parts[0]), by: `protocol`),
            email: EmailAddress("\(parts[0])@\(domain)")?.text, method: `protocol`)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || ".-_".utf8.contains(byte)
    }
}
