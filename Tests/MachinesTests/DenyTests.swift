import Domain
import Glibc
@testable import GuestNetwork
import Logging
@testable import Machines
import Processes
import Settings
import Testing

/// What a guest reaches beyond its host, tried with another host.
@Suite(
    .timeLimit(.minutes(2)), .serialized, .enabled(if: geteuid() == 0, "only root can play another host"),
    .enabled(if: Programs.find("pasta") != nil && Programs.find("nft") != nil, "passt or nftables isn't installed"))
struct DenyTests {
    /// Where clouds have what tells a machine's secrets to whoever asks from there (Amazon's, over IPv4 and IPv6).
    private static let metadata = ["169.254.169.254", "fd00:ec2::254"]
    private static let testNetwork = "198.51.100.0/24"

    /// The addresses of the other host that a guest reaches, each by TCP and by UDP.
    /// - Parameter deny: Nil for what is denied unless an administrator says something else.
    private func reached(_ host: OtherHost, deny: [String]?, allow: [String]) async throws -> [String] {
        let root = "/tmp/qwd-deny-\(UInt32.random(in: 0...UInt32.max))"
        let users = UserRange(first: 320_000, last: 320_100)
        var options = GuestNetwork.Options()
        options.deny = deny?.compactMap { IPNetwork($0) } ?? Settings().network.deny
        options.allow = allow.compactMap { IPNetwork($0) }
        let network = GuestNetwork(
            paths: HostPaths(runtime: root, state: root), options: options, users: users,
            logger: Logger(label: "test"))
        let keeper = Task { await network.run() }
        await network.settled()
        let (guestEnd, helperEnd) = try IsolationCheck.pair()
        let helper = try await Passt.start(
            helperEnd, account: users.probe, namespace: try await network.namespace(),
            source: SourceAddress(number: 0), resolvers: [], log: nil)
        let answered = await IsolationCheck.offPool {
            var guest = FakeGuest(guestEnd)
            return guest.reached(of: host.addresses, port: OtherHost.port)
        }
        _ = await helper.kill()
        keeper.cancel()
        await keeper.value
        await network.end()
        Files.remove(root)
        let reached = host.addresses.filter { answered.contains("TCP to \($0)") }
        #expect(answered == Set(reached.flatMap { ["TCP to \($0)", "UDP to \($0)"] }))
        return reached
    }

    @Test(
        arguments: [
            (nil, [], ["other"]), (nil, metadata, ["other", "metadata"]), (nil, ["169.254.0.0/16"], ["other", "link"]),
            ([testNetwork], [], ["metadata"]), ([testNetwork] + metadata, [], []),
            (["0.0.0.0/0", "::/0"], [testNetwork], ["other"]),
        ] as [([String]?, [String], [String])])
    func `what is denied is not reached, by TCP or UDP, and an exception is`(
        deny: [String]?, allow: [String], wanted: [String]
    ) async throws {
        let host = try await OtherHost(with: Self.metadata)
        let reached = try await reached(host, deny: deny, allow: allow)
        let groups = ["other": [host.address], "metadata": Self.metadata, "link": [Self.metadata[0]]]
        var expected = wanted.flatMap { groups[$0] ?? [] }
        // The other host's own address of IPv6 shows that this can be reached at all.
        let hasIPv6 = OtherHost.isReachedByIPv6
        if deny?.contains("::/0") != true { expected.append(host.localAddress) }
        #expect(Set(reached) == Set(expected.filter { hasIPv6 || !$0.contains(":") }))
        await host.end()
    }
}
