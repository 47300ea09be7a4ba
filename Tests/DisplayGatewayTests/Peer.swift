import Glibc
import Processes

/// One end of a connection, played by a test. Calls block, at most until a deadline.
final class Peer: Sendable {
    typealias Deadline = ContinuousClock.Instant

    enum Failure: Error, Equatable {
        case timedOut
        case system(CInt)
        case unexpected(String)
    }

    private let number: CInt

    /// Takes a connected socket over.
    init(_ number: CInt) { self.number = number }

    deinit { close(number) }

    /// Connects to a port of the loopback address.
    static func connect(port: Int) throws -> Peer {
        let peer = Peer(socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let answer = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(peer.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard answer == 0 else { throw Failure.system(errno) }
        return peer
    }

    /// Accepts a connection.
    static func take(from listener: Descriptor, before deadline: Deadline = GatewayFixture.soon) throws -> Peer {
        try wait(for: POLLIN, of: listener.number, before: deadline)
        let number = accept(listener.number, nil, nil)
        guard number >= 0 else { throw Failure.system(errno) }
        return Peer(number)
    }

    /// Ends both directions.
    func end() { shutdown(number, CInt(SHUT_RDWR)) }

    /// What there is, at least one byte. Nothing means that the other side has ended.
    func read(limit: Int, before deadline: Deadline = GatewayFixture.soon) throws -> [UInt8] {
        try wait(for: POLLIN, before: deadline)
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(number, &bytes, limit, 0)
        // A connection that was reset has ended too.
        guard count >= 0 || errno == ECONNRESET else { throw Failure.system(errno) }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Writes as much as is taken, nothing if that is nothing until the deadline.
    func writeSome(_ bytes: [UInt8], before deadline: Deadline) throws -> Int {
        do { try wait(for: POLLOUT, before: deadline) } catch { return 0 }
        let count = Glibc.send(number, bytes, bytes.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
        guard count >= 0 else { throw Failure.system(errno) }
        return count
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = try writeSome(rest, before: GatewayFixture.soon)
            guard count > 0 else { throw Failure.timedOut }
            rest.removeFirst(count)
        }
    }

    private func wait(for event: CInt, before deadline: Deadline) throws {
        try Self.wait(for: event, of: number, before: deadline)
    }

    private static func wait(for event: CInt, of number: CInt, before deadline: Deadline) throws {
        var poller = pollfd(fd: number, events: Int16(event), revents: 0)
        while poll(&poller, 1, 20) <= 0 {
            if ContinuousClock.now >= deadline { throw Failure.timedOut }
        }
    }
}

extension Peer {
    func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(limit: min(1 << 16, count - bytes.count))
            guard !more.isEmpty else { throw Failure.unexpected("the end after \(bytes)") }
            bytes += more
        }
        return bytes
    }

    /// Everything until the other side ends.
    func rest() throws -> String {
        var bytes: [UInt8] = []
        while case let more = try read(limit: 4096), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything up to the empty line, and nothing beyond.
    func head() throws -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
            let more = try read(limit: 1)
            if more.isEmpty { break }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    var isEnded: Bool { get throws { try read(limit: 1).isEmpty } }

    /// The next frame of a WebSocket, as a client sees it.
    func frame() throws -> (opcode: UInt8, payload: [UInt8]) {
        let head = try take(2)
        let more = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0
        let length = more == 0 ? Int(head[1]) : try take(more).reduce(0) { $0 << 8 | Int($1) }
        return (head[0], try take(length))
    }

    /// Sends a short frame as a client does.
    func send(_ opcode: UInt8, _ payload: [UInt8], masked: Bool = true) throws {
        var bytes = [opcode, UInt8(payload.count) | (masked ? 0x80 : 0)]
        if masked { bytes += [1, 2, 3, 4] }
        bytes += payload.enumerated().map { $1 ^ (masked ? UInt8($0 % 4 + 1) : 0) }
        try write(bytes)
    }
}
