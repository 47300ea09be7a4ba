import Glibc

/// A listening TCP socket that can be handed to another program, so that nobody can take the port in between.
package struct TCPListener: Sendable {
    package let descriptor: Descriptor
    /// The port the kernel gave, also when it was asked for any.
    package let port: Int

    /// - Parameters:
    ///   - host: Address or name to listen on.
    ///   - port: 0 means any that is free.
    package init(host: String, port: Int) throws(ProcessError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, "\(port)", &hints, &found)
        guard failure == 0, let address = found?.pointee else {
            throw ProcessError(.system, "\(host) is no address of this host: \(String(cString: gai_strerror(failure)))")
        }
        defer { freeaddrinfo(found) }
        let number = socket(address.ai_family, address.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Self.failure(host, port) }
        descriptor = Descriptor(number)
        var on: CInt = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        guard bind(number, address.ai_addr, address.ai_addrlen) == 0, listen(number, Self.backlog) == 0 else {
            throw Self.failure(host, port)
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let named = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
        }
        guard named == 0 else { throw Self.failure(host, port) }
        // The port stands at the same place for IPv4 and IPv6.
        self.port = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }

    /// Connections that may wait to be accepted. One beyond is dropped, and tries again after a second. The system allows 4096
    /// (listen(2)).
    private static let backlog: CInt = 4096

    private static func failure(_ host: String, _ port: Int) -> ProcessError {
        let problem = errno
        if problem == EADDRINUSE {
            return ProcessError(.system, "Port \(port) of \(host) is taken by another program.")
        }
        return ProcessError(.system, "Can't listen on port \(port) of \(host): \(String(cString: strerror(problem)))")
    }
}
