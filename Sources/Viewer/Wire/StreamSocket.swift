internal import Glibc

/// What bytes come and go by.
package protocol Transport: Sendable {
    /// Reads what there is, at least one byte and at most `limit`. Nothing means that the other side has ended.
    func read(limit: Int, before deadline: ContinuousClock.Instant) throws(ViewerError) -> [UInt8]
    /// Writes everything.
    func write(_ bytes: [UInt8], before deadline: ContinuousClock.Instant) throws(ViewerError)
}

/// A connected stream socket whose calls block, at most until a deadline. Closed with its last owner.
///
/// A cancelled task is noticed within a tenth of a second.
package final class StreamSocket: Transport {
    package typealias Deadline = ContinuousClock.Instant

    private let number: CInt

    /// Takes a connected socket over.
    init(_ number: CInt) {
        self.number = number
    }

    deinit { close(number) }

    /// Connects to a Unix socket.
    package static func connect(unixSocket path: String, before deadline: Deadline) throws(ViewerError) -> StreamSocket
    {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ViewerError(.unreachable, "The socket path \(path) is too long: at most 107 bytes.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = try make(AF_UNIX, path)
        let answer = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                socket.connect($0, socklen_t(MemoryLayout<sockaddr_un>.size), before: deadline)
            }
        }
        guard answer == 0 else { throw unreachable(path) }
        return socket
    }

    /// Connects to a TCP port.
    package static func connect(
        host: String, port: Int, before deadline: Deadline
    ) throws(ViewerError) -> StreamSocket {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, "\(port)", &hints, &found)
        guard failure == 0, let address = found?.pointee else {
            throw ViewerError(.unreachable, "\(host): \(String(cString: gai_strerror(failure)))")
        }
        defer { freeaddrinfo(found) }
        let socket = try make(address.ai_family, host)
        guard socket.connect(address.ai_addr, address.ai_addrlen, before: deadline) == 0 else {
            throw unreachable("\(host):\(port)")
        }
        var on: CInt = 1
        setsockopt(socket.number, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        return socket
    }

    private static func make(_ family: CInt, _ place: String) throws(ViewerError) -> StreamSocket {
        let number = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw unreachable(place) }
        return StreamSocket(number)
    }

    private static func unreachable(_ place: String) -> ViewerError {
        ViewerError(.unreachable, "Can't connect to \(place): \(String(cString: strerror(errno)))")
    }

    private func connect(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t, before deadline: Deadline) -> CInt {
        // socket(7): this timeout bounds connect(2) too.
        let left = max(1, Self.milliseconds(until: deadline))
        var patience = timeval(tv_sec: Int(left) / 1000, tv_usec: Int(left) % 1000 * 1000)
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return Glibc.connect(number, address, length)
    }
}

extension StreamSocket {
    package func read(limit: Int, before deadline: Deadline) throws(ViewerError) -> [UInt8] {
        while true {
            try Self.wait(number, for: POLLIN, before: deadline)
            var problem: CInt = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let got = recv(number, buffer.baseAddress, limit, CInt(MSG_DONTWAIT))
                problem = got < 0 ? errno : 0
                count = max(0, got)
            }
            if problem == 0 { return bytes }
            guard problem == EAGAIN || problem == EINTR else { throw Self.ended(problem) }
        }
    }

    package func write(_ bytes: [UInt8], before deadline: Deadline) throws(ViewerError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try Self.wait(number, for: POLLOUT, before: deadline)
            let count = rest.withUnsafeBytes {
                send(number, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EAGAIN, errno != EINTR {
                throw Self.ended(errno)
            }
        }
    }

    static func wait(_ number: CInt, for event: CInt, before deadline: Deadline) throws(ViewerError) {
        var poller = pollfd(fd: number, events: Int16(event), revents: 0)
        while poll(&poller, 1, min(100, Self.milliseconds(until: deadline))) <= 0 {
            if Task.isCancelled { throw ViewerError(.cancelled, "The wait was cancelled.") }
            if ContinuousClock.now >= deadline { throw ViewerError(.timedOut, "Nothing came before the deadline.") }
        }
    }

    private static func ended(_ problem: CInt) -> ViewerError {
        ViewerError(.closed, "The connection is lost: \(String(cString: strerror(problem)))")
    }

    /// Whole milliseconds, rounded up, so that a wait never ends before its deadline.
    static func milliseconds(until deadline: Deadline) -> CInt {
        let left = (deadline - .now) / Duration.milliseconds(1)
        return CInt(min(1_000_000, max(0, left.rounded(.up))))
    }
}
