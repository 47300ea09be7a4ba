import CCurl
package import Domain

/// The server that takes our mails.
package struct MailServer: Sendable {
    /// How the mail is handed over. Only ``simple``, and ``auto`` without a password, ever sends one unencrypted.
    package enum Method: String, Sendable, CaseIterable {
        /// Tries TLS (port 465), then STARTTLS (587), then, without a password, plain (25); with a port in the URL all of
        /// them there. The next way is tried only where this one is not offered: never after a bad certificate.
        case auto
        /// TLS from the first byte on, port 465 if the URL has none.
        case ssl
        /// STARTTLS at the URL's port, 587 if it has none.
        case port
        /// No encryption and no sign-in, port 25 if the URL has none. For a server on this host or a trusted network.
        case simple
    }

    package struct Options: Sendable {
        /// `smtp://host` or `smtps://host`, with or without a port. The latter means TLS from the first byte on.
        package var url: String
        /// Empty does not sign in.
        package var user = ""
        package var password = Secret("")
        package var method = Method.auto
        /// File with the CA certificates to trust; empty means those of the system.
        package var ca = ""
        /// Longest time for one mail, all ways of ``Method/auto`` together.
        package var timeout: Duration = .seconds(30)
        /// Where ``Method/auto`` looks when the URL has no port.
        var ports = (tls: 465, startTLS: 587, plain: 25)

        package init(url: String) {
            self.url = url
        }
    }

    private let options: Options
    private let pool: BlockingPool

    package init(_ options: Options) {
        self.options = options
        pool = BlockingPool("Mail server \(options.url)")
    }

    /// Says whether the options can be right, without asking the server.
    package func check() throws(AccountsError) {
        _ = try ways
    }

    /// Hands a message over. When it returns, the server has it.
    /// - Throws: `AccountsError` `.rejected` for a reply of 5xx; `.unavailable` for one of 4xx or no connection.
    ///   After `.timeout` the server may have it all the same.
    package func send(_ message: MailMessage) async throws(AccountsError) {
        let ways = try ways
        let credentials = credentials
        let letter = MailDelivery.Letter(
            sender: message.from.address, recipient: message.to.address, bytes: try message.rendered())
        try await pool.run(limit: options.timeout) { call throws(AccountsError) in
            var failures: [AccountsError] = []
            for (index, way) in ways.enumerated() {
                let patience = (call.deadline - .now) / (ways.count - index)
                let delivery = try MailDelivery(letter, way, credentials)
                try delivery.prepare(until: call.deadline, patience: patience)
                guard let failure = try delivery.run() else { return }
                failures.append(failure)
            }
            throw AccountsError(
                failures.last?.code ?? .unavailable, failures.map(\.detail).joined(separator: " "),
                cause: failures.last)
        }
    }

    private var credentials: Credentials? {
        options.user.isEmpty ? nil : Credentials(user: options.user, password: options.password)
    }

    /// The ways to try, in their order.
    private var ways: [MailEndpoint] {
        get throws(AccountsError) {
            let address = try ServerURL(options.url, schemes: ["smtp", "smtps"], option: "mail.url")
            guard options.user.isEmpty == options.password.isEmpty else {
                throw AccountsError(.badConfiguration, "mail.user and its password go together; one of them is empty.")
            }
            let isTLS = address.scheme == "smtps"
            let host = Authority(host: address.authority.host, port: nil)
            func way(_ encryption: MailEndpoint.Encryption, _ port: Int) -> MailEndpoint {
                MailEndpoint(
                    protocol: "smtp", address: "\(host):\(address.port ?? port)", encryption: encryption,
                    ca: options.ca)
            }
            switch options.method {
            case .ssl: return [way(.implicit, 465)]
            case .auto where isTLS: return [way(.implicit, options.ports.tls)]
            case .auto:
                let secure = [way(.implicit, options.ports.tls), way(.startTLS, options.ports.startTLS)]
                return credentials == nil ? secure + [way(.none, options.ports.plain)] : secure
            case .port where isTLS, .simple where isTLS:
                throw AccountsError(.badConfiguration, "mail.url says smtps, which is mail.method ssl.")
            case .port: return [way(.startTLS, 587)]
            case .simple:
                guard credentials == nil else {
                    throw AccountsError(
                        .badConfiguration, "mail.method simple sends no password: remove mail.user or take port.")
                }
                return [way(.none, 25)]
            }
        }
    }
}
