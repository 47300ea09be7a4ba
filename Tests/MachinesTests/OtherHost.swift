import CLinux
import Foundation
import Glibc
@testable import GuestNetwork
import Processes
import Synchronization
import Testing
import TestSupport

/// Another host next to this one, which a network namespace plays. It accepts every connection and never ends one, and sends
/// every datagram back.
final class OtherHost: Sendable {
    static let port: UInt16 = 4711
    /// Which four addresses of TEST-NET-2 (RFC 5737) the next one gets: suites may run at a time. The first half is for others.
    private static let last = Mutex(Int.random(in: 32..<64))

    /// Of TEST-NET-2, and of a unique local network (RFC 4193).
    let address: String
    let localAddress: String
    /// At all of these it listens.
    let addresses: [String]
    private let name = "qwdother\(UInt32.random(in: 0...999_999))"
    private let link = "qo\(UInt32.random(in: 0...999_999))"
    private let accepted = Mutex<[Descriptor]>([])
    /// Its server ends when the second is closed.
    private let alive: (Descriptor, Descriptor)

    /// Whether this host has a way out over IPv6; without one its guests have none either (proc(5), /proc/net/ipv6_route).
    static var isReachedByIPv6: Bool {
        (Files.read("/proc/net/ipv6_route") ?? "").split(separator: "\n").contains {
            $0.hasPrefix("00000000000000000000000000000000 00") && !$0.hasSuffix(" lo")
        }
    }

    /// - Parameter others: More addresses of it, which this host has to reach by it.
    init(with others: [String] = []) async throws {
        let place = Self.last.withLock { last in
            last = last < 63 ? last + 1 : 32
            return last
        }
        address = "198.51.100.\(4 * place + 1)"
        localAddress = "fd51:5744:\(String(UInt16.random(in: 0...UInt16.max), radix: 16)):\(place)::1"
        addresses = [address, localAddress] + others
        var ends: [CInt] = [-1, -1]
        #expect(pipe2(&ends, O_CLOEXEC) == 0)
        alive = (Descriptor(ends[0]), Descriptor(ends[1]))
        try await ip(["netns", "add", name])
        try await ip(["link", "add", "\(link)a", "type", "veth", "peer", "name", "\(link)b", "netns", name])
        try await ip(["address", "add", "198.51.100.\(4 * place + 2)/30", "dev", "\(link)a"])
        try await ip(["address", "add", "\(localAddress.dropLast())2/64", "dev", "\(link)a", "nodad"])
        try await ip(["link", "set", "\(link)a", "up"])
        try await ip(["-n", name, "link", "set", "lo", "up"])
        try await ip(["-n", name, "address", "add", "\(address)/30", "dev", "\(link)b"])
        try await ip(["-n", name, "address", "add", "\(localAddress)/64", "dev", "\(link)b", "nodad"])
        try await ip(["-n", name, "link", "set", "\(link)b", "up"])
        for other in others {
            let gateway = other.contains(":") ? localAddress : address
            try await ip(["-n", name, "address", "add", other, "dev", "lo"] + (other.contains(":") ? ["nodad"] : []))
            try await ip(["route", "add", other, "via", gateway, "dev", "\(link)a"])
        }
        let ready = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in serve { ready.signal() } }
        ready.wait()
    }

    func end() async {
        close(alive.1.take())
        _ = try? await ip(["netns", "del", name])
        // Gone with the namespace, but the kernel takes a moment for that.
        _ = try? await ForegroundProcess.run(Program("ip", ["link", "del", "\(link)a"], package: "iproute2"))
    }

    @discardableResult
    func ip(_ arguments: [String]) async throws -> String {
        let result = try await ForegroundProcess.run(Program("ip", arguments, package: "iproute2"))
        #expect(result.isSuccess, "ip \(arguments): \(result.message)")
        return result.output
    }

    /// Listens there.
    func listen(at ports: [UInt16]) throws -> [Descriptor] {
        let done = DispatchSemaphore(value: 0)
        let open = Mutex<[Descriptor]>([])
        Thread.detachNewThread { [address, name] in
            let isThere = NetworkNamespace.enter(NetworkNamespace.path(name))
            #expect(isThere)
            open.withLock { $0 = ports.compactMap { try? TCPListener(host: address, port: Int($0)).descriptor } }
            done.signal()
        }
        done.wait()
        return try open.withLock { listeners in
            try #require(listeners.count == ports.count)
            return listeners
        }
    }

    private func serve(_ isReady: () -> Void) {
        let isThere = NetworkNamespace.enter(NetworkNamespace.path(name))
        #expect(isThere)
        let listeners = addresses.compactMap { try? TCPListener(host: $0, port: Int(Self.port)).descriptor }
        let receivers = addresses.compactMap { Self.socket(to: $0, SOCK_DGRAM) { bind($0, $1, $2) } }
        #expect(listeners.count == addresses.count && receivers.count == addresses.count)
        isReady()
        var pollers = (listeners + receivers + [alive.0]).map {
            pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0)
        }
        while poll(&pollers, nfds_t(pollers.count), -1) > 0, pollers.last?.revents == 0 {
            for (index, poller) in pollers.enumerated() where poller.revents != 0 {
                if index < listeners.count {
                    accepted.withLock { $0.append(Descriptor(accept(poller.fd, nil, nil))) }
                } else {
                    Self.sendBack(poller.fd)
                }
            }
        }
    }

    private static func sendBack(_ socket: CInt) {
        var packet = [UInt8](repeating: 0, count: 2048)
        var peer = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                let count = recvfrom(socket, &packet, packet.count, 0, $0, &size)
                if count > 0 { sendto(socket, packet, count, 0, $0, size) }
            }
        }
    }

    /// Opens connections from a network as one of its users, and closes our direction of each, so that they are half-open.
    func connect(from place: String, as user: UInt32, tries: Int) -> [Descriptor] {
        let done = DispatchSemaphore(value: 0)
        let open = Mutex<[Descriptor]>([])
        Thread.detachNewThread { [address] in
            let isThere = NetworkNamespace.enter(place)
            #expect(isThere)
            // Of this thread alone (setfsuid(2)); what the filter sees is who made a socket.
            let setfsuid = unsafeBitCast(
                dlsym(nil, "setfsuid"), to: (@convention(c) (UInt32) -> CInt).self)
            _ = setfsuid(user)
            for _ in 0..<tries {
                guard let socket = Self.socket(to: address, SOCK_STREAM, { Glibc.connect($0, $1, $2) }) else { break }
                shutdown(socket.number, CInt(SHUT_WR))
                open.withLock { $0.append(socket) }
            }
            done.signal()
        }
        done.wait()
        return open.withLock { $0 }
    }

    /// - Parameter body: Connects or binds it.
    /// - Returns: Nil where that fails.
    private static func socket(
        to address: String, _ kind: __socket_type, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> Descriptor? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = CInt(kind.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &found) == 0, let target = found?.pointee else { return nil }
        defer { freeaddrinfo(found) }
        let descriptor = Descriptor(Glibc.socket(target.ai_family, target.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0))
        // One that gets no answer counts as refused.
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return body(descriptor.number, target.ai_addr, target.ai_addrlen) == 0 ? descriptor : nil
    }
}

extension FakeGuest {
    /// Opens a connection and sends a datagram to each address.
    /// - Returns: `TCP to 198.51.100.1` for each that was answered.
    mutating func reached(of addresses: [String], port: UInt16) -> Set<String> {
        var number: UInt16 = 41_000
        var names: [UInt16: String] = [:]
        for address in addresses {
            guard let target = IsolationCheck.bytes(address) else { continue }
            let source = IsolationCheck.source(for: target)
            names[number] = "TCP to \(address)"
            connect(to: target, from: source, port: port, ownPort: number)
            names[number + 1] = "UDP to \(address)"
            sendDatagram([1, 2, 3, 4], to: target, from: source, port: port, ownPort: number + 1)
            number += 2
        }
        return Set(answers(quiet: .seconds(2)).filter { $0.value != .refused }.compactMap { names[$0.key] })
    }
}
