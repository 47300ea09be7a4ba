import Glibc

/// One question to a server, for who only wants to know whether it works.
package enum TCPRequest {
    private static let longestAnswer = 1 << 16
    /// Seconds that each step may take.
    private static let patience = 5

    /// Connects, asks and reads to the end. Blocks.
    /// - Parameter request: Empty: it is only looked whether somebody listens.
    /// - Returns: The answer, up to 64 KiB; nil if nobody listens, or takes the request.
    package static func answer(to request: String, host: String, port: Int) -> String? {
        var hints = addrinfo()
        (hints.ai_socktype, hints.ai_flags) = (Int32(SOCK_STREAM.rawValue), AI_NUMERICSERV)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found?.pointee else { return nil }
        defer { freeaddrinfo(found) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let peer = Descriptor(socket(address.ai_family, kind, address.ai_protocol))
        var limit = timeval()
        limit.tv_sec = patience
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(peer.number, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(peer.number, address.ai_addr, address.ai_addrlen) == 0 else { return nil }
        if request.isEmpty { return "" }
        let count = send(peer.number, request, request.utf8.count, CInt(MSG_NOSIGNAL))
        guard count == request.utf8.count else { return nil }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count < longestAnswer {
            let count = recv(peer.number, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
