import Domain
import Foundation
import Glibc
import Logging
import Processes
import Testing

@testable import Machines

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
            #expect(outcome.ways.count >= 18)
            #expect(outcome.ways.filter(\.isOpen) == [])
        }
    }

    @Test func `without isolation the same guest does reach its host, so the trial can fail`() async throws {
        var options = GuestNetwork.Options()
        options.isIsolated = false
        try await withNetwork(options) { network in
            let ways = try await open(network)
            #expect(ways.contains("TCP to 127.0.0.1") && ways.contains("UDP to 127.0.0.1"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root may give this host an address"))
    func `an address that comes up later is closed too`() async throws {
        let address = "198.51.100.77"
        func ip(_ verb: String) async throws {
            let result = try await ForegroundProcess.run(
                Program("ip", ["address", verb, "\(address)/32", "dev", "lo"], package: "iproute2"))
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

    @Test func `another worker takes the network over, and one that has ended is made anew`() async throws {
        try await withNetwork { network in
            let first = try #require(try await network.namespace())
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
        }
    }

    @Test func `what is denied has a rule, and an exception comes before it`() {
        let filter = NetworkFilter(
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
