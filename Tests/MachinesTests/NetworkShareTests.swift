import Domain
import Foundation
import Glibc
@testable import GuestNetwork
import Logging
@testable import Machines
import Processes
import Testing

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
