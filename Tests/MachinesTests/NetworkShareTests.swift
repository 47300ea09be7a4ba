import CLinux
import Domain
import Foundation
import Glibc
import Logging
import Processes
import Synchronization
import Testing

@testable import Machines

@Suite(.timeLimit(.minutes(3)))
struct NetworkShareTests {
    @Test(arguments: [(1024, 8), (1024, 400), (20_000, 1), (20_000, 40), (524_288, 256), (1 << 20, 64)])
    func `all sessions together never take more than there is`(descriptors: Int, sessions: Int) {
        let share = NetworkShare(descriptors: descriptors, sessions: sessions, byUser: true)
        let first = Int(share.outgoingPorts.prefix { $0.isNumber }) ?? 0
        #expect(first >= 61_000 && first < 65_535)
        // A session that may have fewer than 16 is of no use: so many sessions want a higher limit.
        if share.flows > 16 {
            #expect(2 * (65_536 - first) + 2 * share.flows * sessions < descriptors)
        }
        #expect(share.flows <= 1024)
    }

    @Test func `where sessions have no user of their own they are told apart by their addresses`() {
        let share = NetworkShare(descriptors: 20_000, sessions: 8, byUser: false)
        #expect(share.rules.contains("add @flows4 { ip saddr ct count over \(share.flows) }"))
        #expect(share.rules.contains("add @flows6 { ip6 saddr ct count over \(share.flows) }"))
        #expect(!share.rules.contains("skuid"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can play another host and other users"))
    func `nine guests that hold on to all they can leave a tenth its connections`() async throws {
        let root = "/tmp/qwd-share-\(UInt32.random(in: 0...UInt32.max))"
        let host = try await OtherHost()
        let users = UserRange(first: 310_000, last: 310_100)
        var options = GuestNetwork.Options()
        options.sessions = 10
        options.descriptors = 3000
        let network = GuestNetwork(
            paths: HostPaths(runtime: root, state: root), options: options, users: users,
            logger: Logger(label: "test"))
        let keeper = Task { await network.run() }
        await network.settled()
        let holder = try #require(try await network.namespace())
        let place = "/proc/\(holder.pid)/ns/net"
        var held: [Descriptor] = []
        for user in 1...9 {
            let got = host.connect(from: place, as: 310_016 + UInt32(user), tries: 600)
            let share = NetworkShare(descriptors: 3000, sessions: 10, byUser: true)
            #expect(got.count > 50 && got.count <= share.flows, "\(got.count)")
            held += got
        }
        #expect(host.connect(from: place, as: 310_030, tries: 20).count == 20)
        // This host gets another address: the filter is made anew, and what is open stays counted.
        let address = "198.51.100.9"
        try await host.ip(["address", "add", "\(address)/32", "dev", "lo"])
        while await network.filter?.own.contains(where: { $0.description == address }) != true { await Task.yield() }
        #expect(host.connect(from: place, as: 310_017, tries: 1).isEmpty)
        try await host.ip(["address", "del", "\(address)/32", "dev", "lo"])
        // What is counted is remembered for longer than pasta holds on to it, in every state.
        for name in ["established", "fin_wait", "close_wait", "last_ack", "max_retrans", "unacknowledged"] {
            var cat = Program(
                "cat", ["/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_\(name)"], package: "coreutils")
            cat.network = holder
            let text = try await ForegroundProcess.run(cat).output.filter(\.isNumber)
            #expect(Int(text) ?? 0 > 7200, "\(name): \(text)")
        }
        withExtendedLifetime(held) {}
        keeper.cancel()
        await keeper.value
        await network.end()
        await host.end()
        Files.remove(root)
    }
}

/// Another host, which a network namespace plays: it accepts every connection and never ends one.
private final class OtherHost: Sendable {
    private static let address = "198.51.100.1"
    private static let port: UInt16 = 4711
    private let name = "qwdshare\(UInt32.random(in: 0...999_999))"
    private let link: String
    private let accepted = Mutex<[Descriptor]>([])
    private let listener = Mutex<Descriptor?>(nil)

    init() async throws {
        link = "qs\(UInt32.random(in: 0...999_999))"
        try await ip(["netns", "add", name])
        try await ip(["link", "add", "\(link)a", "type", "veth", "peer", "name", "\(link)b", "netns", name])
        try await ip(["address", "add", "198.51.100.2/30", "dev", "\(link)a"])
        try await ip(["link", "set", "\(link)a", "up"])
        try await ip(["-n", name, "address", "add", "\(Self.address)/30", "dev", "\(link)b"])
        try await ip(["-n", name, "link", "set", "\(link)b", "up"])
        let ready = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            Self.enter("/run/netns/\(name)")
            let socket = Self.socket()
            var address = Self.target
            let isListening = Self.call(&address) { bind(socket.number, $0, $1) } && listen(socket.number, 1024) == 0
            #expect(isListening)
            listener.withLock { $0 = socket }
            ready.signal()
            while case let number = accept(socket.number, nil, nil), number >= 0 {
                accepted.withLock { $0.append(Descriptor(number)) }
            }
        }
        ready.wait()
    }

    /// Opens connections from a network as one of its users, and closes our direction of each, so that they are half-open.
    func connect(from place: String, as user: UInt32, tries: Int) -> [Descriptor] {
        let done = DispatchSemaphore(value: 0)
        let open = Mutex<[Descriptor]>([])
        Thread.detachNewThread {
            Self.enter(place)
            // Of this thread alone (setfsuid(2)); what the filter sees is who made a socket.
            let setfsuid = unsafeBitCast(
                dlsym(nil, "setfsuid"), to: (@convention(c) (UInt32) -> CInt).self)
            _ = setfsuid(user)
            for _ in 0..<tries {
                let socket = Self.socket()
                var address = Self.target
                guard Self.call(&address, { Glibc.connect(socket.number, $0, $1) }) else { break }
                shutdown(socket.number, CInt(SHUT_WR))
                open.withLock { $0.append(socket) }
            }
            done.signal()
        }
        done.wait()
        return open.withLock { $0 }
    }

    func end() async {
        listener.withLock { if let number = $0?.number { shutdown(number, CInt(SHUT_RDWR)) } }
        _ = try? await ip(["netns", "del", name])
        _ = try? await ip(["link", "del", "\(link)a"])
    }

    private static func enter(_ place: String) {
        let namespace = open(place, O_RDONLY | O_CLOEXEC)
        // CLONE_NEWNET
        #expect(namespace >= 0 && setns(namespace, 0x4000_0000) == 0)
        close(namespace)
    }

    private static func socket() -> Descriptor {
        let descriptor = Descriptor(Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0))
        // One that gets no answer counts as refused.
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private static var target: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(Self.address)
        return address
    }

    private static func call(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> Bool
    {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    @discardableResult
    func ip(_ arguments: [String]) async throws -> String {
        let result = try await ForegroundProcess.run(Program("ip", arguments, package: "iproute2"))
        #expect(result.isSuccess, "ip \(arguments): \(result.message)")
        return result.output
    }
}
