import CLDAP
import Domain
import Glibc

/// One connection to a directory, for one sign-in. Blocks; used on one thread.
struct LDAPConnection: ~Copyable {
    let handle: OpaquePointer
    let address: ServerURL
    let options: LDAPMethod.Options
    private let deadline: ContinuousClock.Instant

    /// Connects. Nothing is said yet.
    init(
        _ address: ServerURL, _ options: LDAPMethod.Options, _ call: BlockingCall
    ) throws(AccountsError) {
        let port = address.port ?? (address.scheme == "ldaps" ? 636 : 389)
        let descriptor = try TCPConnection.open(address.authority.host, port: port, until: call.deadline)
        // A second descriptor for the same connection: it can't come to mean another one when libldap closes its own.
        let socketShutdown = SocketShutdown(dup(descriptor))
        call.whenAbandoned { socketShutdown.shutDown() }
        var made: OpaquePointer?
        guard ldap_init_fd(descriptor, LDAP_PROTO_TCP, address.description, &made) == LDAP_SUCCESS, let made else {
            throw AccountsError(.system, "LDAP server \(address): libldap can't make a connection.")
        }
        handle = made
        self.address = address
        self.options = options
        deadline = call.deadline
    }

    deinit {
        ldap_unbind_ext_s(handle, nil, nil)
    }

    /// - Returns: The one entry these credentials belong to, or nil: refused.
    func entry(of credentials: Credentials) throws(AccountsError) -> LDAPEntry? {
        try prepare()
        try secure()
        try bindAsSearcher()
        guard let entry = try find(credentials.user) else { return nil }
        let result = try bind(entry.dn, credentials.password)
        switch result {
        case LDAP_SUCCESS: return entry
        // A server that has locked an account says 19 or 53, whatever the password is: that is a refusal as every other one, and
        // told as none, so that nobody learns which names there are. Its reason is for the administrator.
        case LDAP_INVALID_CREDENTIALS, LDAP_INAPPROPRIATE_AUTH, LDAP_INSUFFICIENT_ACCESS, LDAP_NO_SUCH_OBJECT,
            LDAP_CONSTRAINT_VIOLATION, LDAP_UNWILLING_TO_PERFORM:
            options.noteRefusal("LDAP server \(address) refuses \(entry.dn): \(explanation(result))")
            return nil
        default: throw failure(result, "can't check a password")
        }
    }

    /// Sets all that matters here, whatever an ldap.conf or the environment says.
    private func prepare() throws(AccountsError) {
        try set(LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3)
        try require(cldap_set_flag(handle, LDAP_OPT_REFERRALS, 0))
        try require(cldap_set_flag(handle, LDAP_OPT_RESTART, 1))
        // -1 is none: with one, the TLS handshake spins; see TCPConnection.
        var never = timeval(tv_sec: -1, tv_usec: 0)
        try require(ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &never))
        try set(LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
        try set(LDAP_OPT_X_TLS_PROTOCOL_MIN, CLDAP_TLS1_2)
        if !options.ca.isEmpty {
            guard access(options.ca, R_OK) == 0 else {
                throw AccountsError(.badConfiguration, "ldap.ca: \(options.ca) can't be read.")
            }
            try require(ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, nil))
            try require(ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, options.ca))
        }
        // The options above count from the next context on; 0 is that of a client.
        try set(LDAP_OPT_X_TLS_NEWCTX, 0)
    }

    private func secure() throws(AccountsError) {
        try limit()
        let result =
            switch address.scheme {
            case "ldaps": ldap_install_tls(handle)
            default: options.startTLS ? ldap_start_tls_s(handle, nil, nil) : LDAP_SUCCESS
            }
        switch result {
        case LDAP_SUCCESS: return
        case LDAP_SERVER_DOWN, LDAP_TIMEOUT, LDAP_BUSY, LDAP_UNAVAILABLE: throw failure(result, "offers no TLS now")
        default:
            throw AccountsError(
                .insecure,
                "LDAP server \(address): TLS failed: \(explanation(result)). Is its certificate made for this name, by "
                    + "an authority of ldap.ca?")
        }
    }

    private func bindAsSearcher() throws(AccountsError) {
        guard !options.bindDN.isEmpty else { return }
        let result = try bind(options.bindDN, options.bindPassword)
        guard result != LDAP_INVALID_CREDENTIALS else {
            throw AccountsError(.badConfiguration, "LDAP server \(address) refuses ldap.bind_dn or its password.")
        }
        guard result == LDAP_SUCCESS else { throw failure(result, "can't be searched") }
    }

    /// Gives the next call what is left of the time.
    @discardableResult
    func limit() throws(AccountsError) -> timeval {
        let left = deadline - .now
        guard left > .zero else { throw AccountsError(.timeout, "LDAP server \(address) is too slow.") }
        var time = left.timeval
        try require(ldap_set_option(handle, LDAP_OPT_TIMEOUT, &time))
        return time
    }

    private func set(_ option: CInt, _ value: CInt) throws(AccountsError) {
        var value = value
        try require(ldap_set_option(handle, option, &value))
    }

    private func require(_ result: CInt) throws(AccountsError) {
        guard result == LDAP_OPT_SUCCESS else {
            throw AccountsError(.system, "libldap does not take an option that the connection to \(address) needs.")
        }
    }
}
