import Domain
import Glibc

/// A connected TCP socket, in blocking mode.
///
/// libldap is not left to connect by itself: with its own time limit (LDAP_OPT_NETWORK_TIMEOUT) and GnuTLS it spins for
/// ever on a server that takes the connection and does not answer the TLS handshake.
enum TCPConnection {
    /// - Returns: The descriptor, which is the caller's to close.
    static func open(
        _ host: Authority.Host, port: Int, until deadline: ContinuousClock.Instant
    ) throws(AccountsError) -> CInt {
        let place = Authority(host: host, port: port)
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(place.hostText, "\(port)", &hints, &found)
        guard failure == 0 else {
            let text = String(cString: gai_strerror(failure))
            throw AccountsError(.unavailable, "LDAP server \(place.hostText) can't be found: \(text).")
        }
        defer { freeaddrinfo(found) }
        let addresses = sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { $0?.pointee }
        var problem = ETIMEDOUT
        for (index, address) in addresses.enumerated() {
            // An address that does not answer leaves time for the others.
            let patience = (deadline - .now) / (addresses.count - index)
            guard patience > .zero else { break }
            switch connect(address, within: patience) {
            case .success(let descriptor): return descriptor
            case .failure(let error): problem = error.number
            }
        }
        let code: AccountsError.Code = problem == ETIMEDOUT ? .timeout : .unavailable
        let text = String(cString: strerror(problem))
        throw AccountsError(code, "LDAP server \(place) can't be reached: \(text).")
    }

    private struct Failure: Error {
        var number = errno
    }

    private static func connect(_ address: addrinfo, within patience: Duration) -> Result<CInt, Failure> {
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.ai_family, type, 0)
        guard descriptor >= 0 else { return .failure(Failure()) }
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
            var problem = errno
            if problem == EINPROGRESS { problem = outcome(of: descriptor, within: patience) }
            guard problem == 0 else {
                close(descriptor)
                return .failure(Failure(number: problem))
            }
        }
        var off: CInt = 0
        guard ioctl(descriptor, UInt(FIONBIO), &off) == 0 else {
            defer { close(descriptor) }
            return .failure(Failure())
        }
        return .success(descriptor)
    }

    /// - Returns: 0 or an error number.
    private static func outcome(of descriptor: CInt, within patience: Duration) -> CInt {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        switch poll(&poller, 1, CInt(clamping: patience.milliseconds)) {
        case 0: return ETIMEDOUT
        case -1: return errno
        default:
            var problem: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &length) == 0 ? problem : errno
        }
    }
}
