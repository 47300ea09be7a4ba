import Domain
import Foundation
import Glibc
@testable import GuestNetwork
import Logging
@testable import Machines
import Processes
import Testing

/// Real passt, pasta and nftables, and a guest that makes its own frames.
@Suite(
    .timeLimit(.minutes(3)), .serialized,
    .enabled(if: Programs.find("pasta") != nil && Programs.find("nft") != nil, "passt or nftables isn't installed"))
struct GuestNetworkTests {
    private let paths: HostPaths
    private let users = geteuid() == 0 ? UserRange(first: 300_000, last: 300_100) : nil
    private let logger = Logger(label: "test")

    init() throws {
        let root = "/tmp/qwd-net-\(UInt32.random(in: 0...UInt32.max))"
        paths = HostPaths(runtime: root, state: root)
    }

    private func withNetwork(
        _ options: GuestNetwork.Options = .init(), _ body: (GuestNetwork) async throws -> Void
    ) async throws {
        let network = GuestNetwork(paths: paths, options: options, users: users, logger: logger)
        let keeper = Task { await network.run() }
        await network.settled()
        try await body(network)
        keeper.cancel()
        await keeper.value
        await network.end()
        Files.remove(paths.runtime)
    }

    private func open(_ network: GuestNetwork) async throws -> [String] {
        try await IsolationCheck(network: network, users: users).outcome().ways.filter(\.isOpen).map(\.name)
    }

    @Test func `no way leads from a guest to its host`() async throws {
        try await withNetwork { network in
            #expect(await network.problem == nil)
            let outcome = try await IsolationCheck(network: network, users: users).outcome()
            #expect(outcome.ways.count >= 72)
            #expect(outcome.ways.filter(\.isOpen) == [])
            let ways = Set(outcome.ways.map(\.name))
            let gateway = IsolationCheck.gateway(of: try await network.namespace())
            for kind in ["TCP", "UDP", "ICMP"] {
                // As itself, and as this host.
                let wanted =
                    ["127.0.0.1", "127.0.0.1 from 127.0.0.1", "127.0.0.1 from 192.0.2.177", "::1 from ::1"]
                    + ["255.255.255.255", "255.255.255.255 from 127.0.0.1"]
                    + [gateway].compactMap(\.self)
                for name in wanted { #expect(ways.contains("\(kind) to \(name)"), "\(ways.sorted())") }
            }
        }
    }

    @Test func `without isolation the same guest does reach its host, so the trial can fail`() async throws {
        var options = GuestNetwork.Options()
        options.isIsolated = false
        try await withNetwork(options) { network in
            let ways = try await open(network)
            for source in ["", " from 127.0.0.1", " from 192.0.2.177"] {
                #expect(ways.contains("TCP to 127.0.0.1\(source)") && ways.contains("UDP to 127.0.0.1\(source)"))
            }
        }
    }

    @Test(
        .enabled(if: geteuid() == 0, "only root may give this host an address"),
        arguments: ["198.51.100.77"] + (Files.read("/proc/net/if_inet6")?.isEmpty == false ? ["fd51:5744:77::77"] : []))
    func `an address that comes up later is closed too`(address: String) async throws {
        func ip(_ verb: String) async throws {
            let result = try await ForegroundProcess.run(
                Program("ip", ["address", verb, address, "dev", "lo"], package: "iproute2"))
            #expect(result.isSuccess, "\(result.message)")
        }
        try await withNetwork { network in
            #expect(try await !open(network).contains { $0.contains(address) })
            try await ip("add")
            // The filter follows the kernel's message; whoever looks at once may come before it.
            while await network.filter?.own.contains(where: { $0.description == address }) != true {
                await Task.yield()
            }
            let outcome = try await IsolationCheck(network: network, users: users).outcome()
            try await ip("del")
            #expect(outcome.ways.contains { $0.name == "TCP to \(address)" })
            #expect(outcome.ways.filter(\.isOpen) == [])
        }
    }

    @Test func `guests that use the same port have addresses of their own, and take no port of this host`() async throws
    {
        try await withNetwork { network in
            let holder = try #require(try await network.namespace())
            var helpers: [ProcessHandle] = []
            var ends: [Descriptor] = []
            for number in [40, 41] {
                let (guestEnd, helperEnd) = try IsolationCheck.pair()
                helpers.append(
                    try await Passt.start(
                        helperEnd, account: users?.probe, namespace: holder, source: SourceAddress(number: number),
                        resolvers: [], log: nil))
                ends.append(guestEnd)
                // To an address that is denied, and to this host's resolver if it has one.
                for target in [[169, 254, 1, 1], [169, 254, 53, 53]] as [[UInt8]] {
                    let query: [UInt8] = [0x51, 0x57, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]
                    FakeGuest(guestEnd).sendDatagram(
                        query, to: target, from: [10, 0, 2, 15], port: 53, ownPort: 45_003)
                }
                if let target = IsolationCheck.bytes("2001:db8::1") {
                    FakeGuest(guestEnd).sendDatagram(
                        [1], to: target, from: IsolationCheck.source(for: target), port: 53, ownPort: 45_003)
                }
            }
            // Port 45003 is AFCB there; the address stands before it, backwards (proc(5), /proc/net/udp).
            func bound(_ pid: Int32, _ kind: String = "udp") -> [String] {
                (Files.read("/proc/\(pid)/net/\(kind)") ?? "").split(separator: "\n").compactMap { line in
                    line.split(separator: " ").dropFirst().first.map(String.init)
                }.filter { $0.hasSuffix(":AFCB") }
            }
            while Set(bound(holder.pid)).count < 2, helpers.allSatisfy({ !$0.isGone }) { await Task.yield() }
            #expect(Set(bound(holder.pid)) == ["280112C6:AFCB", "290112C6:AFCB"])
            if OtherHost.isReachedByIPv6 {
                // Each four bytes of the address backwards.
                let network = "645153FD0100647700000000"
                while Set(bound(holder.pid, "udp6")).count < 2, helpers.allSatisfy({ !$0.isGone }) {
                    await Task.yield()
                }
                #expect(Set(bound(holder.pid, "udp6")) == ["\(network)28010000:AFCB", "\(network)29010000:AFCB"])
            }
            // What came out is bound to a port that the filter chose.
            #expect(bound(getpid()) + bound(getpid(), "udp6") == [])
            for helper in helpers { _ = await helper.kill() }
            withExtendedLifetime(ends) {}
        }
    }

    @Test func `a guest that is tried out changes nothing of a worker's network`() async throws {
        var options = GuestNetwork.Options()
        options.deny = ["10.66.0.0/16"].compactMap { IPNetwork($0) }
        try await withNetwork(options) { network in
            let holder = try #require(try await network.namespace())
            func denied() async throws -> String {
                var nft = Program("nft", ["list", "set", "inet", "qwd", "deny4"], package: "nftables")
                nft.network = holder
                return try await ForegroundProcess.run(nft).output
            }
            let before = try await denied()
            #expect(before.contains("10.66.0.0/16"))
            let outcome = try await IsolationCheck.run(paths: paths, options: .init(), users: users, logger: logger)
            #expect(outcome.ways.count >= 72 && !outcome.ways.contains { $0.isOpen })
            #expect(try await denied() == before)
        }
    }

    @Test func `the network of a trial that was killed ends with the next one`() async throws {
        let trial = HostPaths(runtime: "\(paths.runtime)/trial-\(Int32.max)", state: paths.state)
        let network = GuestNetwork(paths: trial, options: .init(), users: users, logger: logger)
        let keeper = Task { await network.run() }
        await network.settled()
        let holder = try #require(try await network.namespace())
        let pasta = try #require(ProcessHandle(pidFile: trial.pastaPID, mark: "pasta"))
        keeper.cancel()
        await keeper.value
        await IsolationCheck.endInterrupted(paths)
        for process in [holder, pasta] { #expect(await process.waitForEnd(limit: .seconds(5))) }
        #expect(Files.names(in: paths.runtime) == [])
        Files.remove(paths.runtime)
    }

    @Test func `another worker takes the network over, and one that has ended is made anew`() async throws {
        let former = GuestNetwork(paths: paths, options: .init(), users: users, logger: logger)
        let before = Task { await former.run() }
        await former.settled()
        let first = try #require(try await former.namespace())
        before.cancel()
        await before.value
        do {
            let second = GuestNetwork(paths: paths, options: .init(), users: users, logger: logger)
            let keeper = Task { await second.run() }
            await second.settled()
            #expect(try await second.namespace()?.pid == first.pid)
            let pasta = try #require(ProcessHandle(pidFile: paths.pastaPID, mark: "pasta"))
            _ = await first.kill()
            while (try? await second.namespace()) == nil { await Task.yield() }
            #expect(try await second.namespace()?.pid != first.pid)
            let ended = await pasta.waitForEnd(limit: .seconds(10))
            #expect(ended)
            #expect(try await open(second) == [])
            keeper.cancel()
            await keeper.value
            await second.end()
        }
        Files.remove(paths.runtime)
    }

    @Test func `what is denied has a rule, and an exception comes before it`() {
        let filter = NetworkFilter(
            share: NetworkShare(descriptors: 20_000, sessions: 8, byUser: true),
            deny: ["10.0.0.0/8", "fe80::/10"].compactMap { IPNetwork($0) },
            allow: ["10.1.2.3"].compactMap { IPNetwork($0) },
            own: ["192.0.2.2"].compactMap { IPNetwork($0) }, resolvers: ["169.254.53.53"])
        let rules = filter.rules
        #expect(rules.contains("set deny4 { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8 }; }"))
        #expect(rules.contains("set allow4 { type ipv4_addr; flags interval; auto-merge; elements = { 10.1.2.3 }; }"))
        #expect(rules.contains("set allow6 { type ipv6_addr; flags interval; auto-merge; }"))
        #expect(rules.contains("ip daddr 169.254.53.53 udp dport 53 goto bounded"))
        let order = ["oif \"lo\"", "@own4", "@allow4", "@deny4"].compactMap { rules.range(of: $0 + " ")?.lowerBound }
        #expect(order.count == 4 && order == order.sorted())
    }

    @Test(arguments: [
        ("nameserver 127.0.0.53\noptions edns0\n", ["169.254.53.53"], ["169.254.53.53"]),
        ("nameserver 192.0.2.2\nnameserver 9.9.9.9\n", ["169.254.53.53"], ["169.254.53.53", "9.9.9.9"]),
        ("nameserver fe80::1%eth0\n", ["fd53:5164:7764::53"], ["fd53:5164:7764::53"]),
        ("# nameserver 1.1.1.1\n", [], []), ("", [], []),
    ])
    func `guests ask an address that stands for the host's resolver`(text: String, forwarded: [String], told: [String])
    {
        let resolver = Resolver(configuration: text)
        #expect(resolver.forwarded == forwarded)
        let own = ["127.0.0.0/8", "192.0.2.2"].compactMap { IPNetwork($0) }
        #expect(resolver.forGuests(notAmong: own) == told)
    }

    @Test func `the kernel's table names this host's own addresses`() throws {
        let routes = try HostRoutes.read()
        #expect(routes.own.contains { $0.description == "127.0.0.0/8" })
        #expect(routes.own.contains { $0.description == "127.0.0.1" })
    }
}
