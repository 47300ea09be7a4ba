import CCurl
import Domain
import Glibc

/// Where and how a mail server is spoken to.
struct MailEndpoint: Sendable {
    enum Encryption: Sendable {
        /// From the first byte on.
        case implicit
        /// Before anything that matters is said; without it nothing is.
        case startTLS
        case none
    }

    /// `imap` or `smtp`.
    var `protocol`: String
    /// With the port, if it is not the usual one.
    var address: String
    var encryption: Encryption
    /// File with the CA certificates to trust; empty means those of the system.
    var ca: String
}

/// One conversation with a mail server.
struct MailSession: ~Copyable {
    let handle: CurlHandle
    let observer: AuthReplyObserver
    private let endpoint: MailEndpoint
    var address: String { endpoint.address }

    init(_ endpoint: MailEndpoint) throws(AccountsError) {
        handle = try CurlHandle()
        observer = AuthReplyObserver()
        self.endpoint = endpoint
    }

    /// Sets all options. Nothing is sent yet.
    /// - Parameter credentials: Nil does not sign in.
    func prepare(credentials: Credentials?, until deadline: ContinuousClock.Instant) throws(AccountsError) {
        let left = deadline - .now
        guard left > .zero else { throw AccountsError(.timeout, "Mail server \(endpoint.address) is too slow.") }
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_TIMEOUT_MS, left.milliseconds)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, left.milliseconds)
        // No proxy, whatever the environment says.
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try setAddress()
        try setCertificates()
        if let credentials { try setCredentials(credentials) }
        try handle.listen(AuthReplyObserver.hear, data: Unmanaged.passUnretained(observer).toOpaque())
        // What a server lists is nothing for our standard output.
        try handle.set(CURLOPT_WRITEFUNCTION, { _, size, count, _ in size * count }, data: CURLOPT_WRITEDATA, nil)
    }

    private func setAddress() throws(AccountsError) {
        let scheme = endpoint.encryption == .implicit ? endpoint.protocol + "s" : endpoint.protocol
        try handle.set(CURLOPT_PROTOCOLS_STR, scheme)
        try handle.set(CURLOPT_URL, "\(scheme)://\(endpoint.address)/")
        let encryption = endpoint.encryption == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        try handle.set(CURLOPT_USE_SSL, Int(encryption.rawValue))
    }

    private func setCertificates() throws(AccountsError) {
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        guard !endpoint.ca.isEmpty else { return }
        guard access(endpoint.ca, R_OK) == 0 else {
            throw AccountsError(.badConfiguration, "The CA file \(endpoint.ca) can't be read.")
        }
        try handle.set(CURLOPT_CAINFO, endpoint.ca)
        // Else the system's authorities count besides.
        try handle.set(CURLOPT_CAPATH, nil)
    }

    private func setCredentials(_ credentials: Credentials) throws(AccountsError) {
        try handle.set(CURLOPT_USERNAME, credentials.user)
        try handle.set(CURLOPT_PASSWORD, credentials.password.revealed)
        // The ways that check a password. Kerberos would sign in with a ticket of this host, whatever was typed.
        try handle.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
    }

    /// Runs the conversation to its end.
    func run() -> CURLcode {
        // The handle points at the observer.
        withExtendedLifetime(observer) { handle.perform() }
    }

    /// Why the conversation ended with `code`.
    func failure(_ code: CURLcode) -> AccountsError {
        let reason: AccountsError.Code =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR, CURLE_SEND_ERROR,
                CURLE_GOT_NOTHING:
                .unavailable
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_CONNECT_ERROR: .insecure
            case CURLE_SSL_CACERT_BADFILE: .badConfiguration
            default: .system
            }
        return AccountsError(reason, "Mail server \(endpoint.address): \(handle.explanation(of: code)).")
    }
}
