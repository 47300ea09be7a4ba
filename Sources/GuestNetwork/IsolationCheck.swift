import Dispatch
import Domain
import Glibc
package import Logging
package import Machines
import Processes

/// Tries out, as a guest would, whether one of this host's addresses can be reached, over IPv4 and IPv6, TCP, UDP and ICMP.
package struct IsolationCheck: Sendable {
    package struct Way: Sendable, Hashable, Codable {
        /// `TCP to 127.0.0.1`.
        package var name: String
        package var isOpen: Bool
    }

    package struct Outcome: Sendable {
        package var ways: [Way]
        /// Whether a name server answered; nil where this host has none.
        package var hasNames: Bool?
        /// Why guests reach nothing at all, or nil.
        package var offline: String?
    }

    /// Longest silence after the last answer. What is on this host answers in a millisecond.
    private static let quiet = Duration.milliseconds(1500)
    private static let own = ["127.0.0.1", "127.0.0.5", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"]
    let network: GuestNetwork
    let users: UserRange?

    package init(network: GuestNetwork, users: UserRange?) {
        self.network = network
        self.users = users
    }

    /// Tries a network as the configuration describes it: that of the worker which runs here, or one just for this.
    package static func run(
        paths: HostPaths, options: GuestNetwork.Options, users: UserRange?, logger: Logger
    ) async throws(MachineError) -> Outcome {
        await endInterrupted(paths)
        let isOurs = !GuestNetwork.isThere(paths)
        // Where none is there, one that no worker can take for its own.
        let place = isOurs ? trial(getpid(), paths) : paths
        let network = GuestNetwork(paths: place, options: options, users: users, logger: logger)
        defer { if isOurs { Files.remove(place.runtime) } }
        let keeper = Task { if isOurs { await network.run() } }
        if isOurs {
            await network.settled()
        } else {
            try await network.joined()
        }
        let outcome: Result<Outcome, MachineError>
        do throws(MachineError) {
            outcome = .success(try await IsolationCheck(network: network, users: users).outcome())
        } catch {
            outcome = .failure(error)
        }
        keeper.cancel()
        await keeper.value
        if isOurs { await network.end() }
        return try outcome.get()
    }

    /// Where a network is made that is only tried.
    private static let trialPrefix = "trial-"
    private static func trial(_ process: pid_t, _ paths: HostPaths) -> HostPaths {
        HostPaths(runtime: "\(paths.runtime)/\(trialPrefix)\(process)", state: paths.state)
    }

    /// Ends networks of trials that were killed before they could do so.
    package static func endInterrupted(_ paths: HostPaths) async {
        for name in Files.names(in: paths.runtime) where name.hasPrefix(trialPrefix) {
            guard let process = pid_t(name.dropFirst(trialPrefix.count)), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            let place = trial(process, paths)
            GuestNetwork.end(place)
            Files.remove(place.runtime)
        }
    }

    /// Sends one frame each way and looks who is reached.
    package func outcome() async throws(MachineError) -> Outcome {
        let offline = await network.offline
        if network.options.isIsolated, offline != nil {
            // Without a way out the helper does not even start.
            return Outcome(ways: [], hasNames: nil, offline: offline)
        }
        let targets = try MachineError.translating { () throws(ProcessError) in
            Self.own + (try HostRoutes.read().own.filter(\.isAddress).map(\.description))
        }
        let listener = try MachineError.translating { () throws(ProcessError) in try HostListener() }
        let (guestEnd, helperEnd) = try Self.pair()
        // Where guests are not isolated there is no directory of their network.
        let log = Files.exists(network.paths.network) ? "\(network.paths.network)/trial.log" : nil
        defer { log.map(Files.remove) }
        let helper = try await Passt.start(
            helperEnd, account: users?.probe, namespace: try await network.namespace(),
            source: SourceAddress(number: 0),
            resolvers: [], log: log)
        let others = ["255.255.255.255", Self.gateway(of: try await network.namespace())].compactMap(\.self)
        let probes = Self.targets(targets, others: others.filter { !targets.contains($0) })
        let resolvers = await network.resolvers
        let (outcome, hasEnded) = await Self.offPool {
            var guest = FakeGuest(guestEnd)
            let ways = Self.probe(probes, &guest, listener)
            let outcome = Outcome(ways: ways, hasNames: Self.askForNames(resolvers, &guest), offline: offline)
            // What a helper that has ended does not carry is not shut off. With its guest's end it ends by itself.
            return withExtendedLifetime(guest) { (outcome, helper.isGone) }
        }
        _ = await helper.kill()
        if hasEnded {
            throw MachineError(
                .network,
                "passt ended while the guests' network was tried: \((log.flatMap(Files.readEnd) ?? "").trimmed)")
        }
        return outcome
    }

    /// Asks for the name servers of the root (RFC 1035), which every resolver knows.
    private static func askForNames(_ resolvers: [String], _ guest: inout FakeGuest) -> Bool? {
        guard let resolver = resolvers.compactMap(bytes).first else { return nil }
        let query: [UInt8] = [0x51, 0x57, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]
        guest.sendDatagram(query, to: resolver, from: source(for: resolver), port: 53, ownPort: 39_000)
        return guest.answers(quiet: quiet)[39_000] == .datagram
    }

    static func source(for target: [UInt8]) -> [UInt8] {
        target.count == 4 ? [10, 0, 2, 15] : [0xFD] + [UInt8](repeating: 0, count: 14) + [0x77]
    }

    /// Frames from each source to each target.
    private static func probe(_ targets: [Target], _ guest: inout FakeGuest, _ listener: HostListener) -> [Way] {
        var number: UInt16 = 40_000
        var sent: [UInt16: (name: String, target: Target)] = [:]
        for target in targets {
            for source in target.sources {
                let name =
                    text(target.address) + (source == Self.source(for: target.address) ? "" : " from \(text(source))")
                for kind in ["TCP", "UDP", "ICMP"] {
                    number += 1
                    sent[number] = ("\(kind) to \(name)", target)
                    switch kind {
                    case "TCP": guest.connect(to: target.address, from: source, port: listener.tcpPort, ownPort: number)
                    case "UDP":
                        guest.sendDatagram(
                            [UInt8(number >> 8), UInt8(number & 0xFF)], to: target.address, from: source,
                            port: listener.udpPort, ownPort: number)
                    default: guest.ping(target.address, from: source, identifier: number)
                    }
                }
            }
        }
        let answers = guest.answers(quiet: quiet)
        let heard = listener.heard()
        var ways = sent.sorted { $0.key < $1.key }.map { number, probe in
            let isAnswered = answers[number].map { $0 != .refused } ?? false
            return Way(
                name: probe.name, isOpen: isAnswered && probe.target.isOurs || heard.datagrams.contains(number))
        }
        let connected = ways.count { $0.isOpen && $0.name.hasPrefix("TCP") }
        if heard.connections > connected { ways.append(Way(name: "TCP by another way", isOpen: true)) }
        return ways
    }

    /// Where a guest's frames go.
    private struct Target: Sendable {
        var address: [UInt8]
        /// As whom the guest sends.
        var sources: [[UInt8]]
        /// Whether this host alone can answer. Elsewhere its listener tells whether it was reached.
        var isOurs: Bool
    }

    /// Of each kind of address that a guest could take for its own, one: what it is given, the loopback, one of this host and
    /// one of nobody.
    /// - Parameters:
    ///   - own: What this host answers for.
    ///   - others: What could lead to this host.
    private static func targets(_ own: [String], others: [String]) -> [Target] {
        let host = own.filter { !Self.own.contains($0) && !$0.hasPrefix("127.") }
        let sources = ["127.0.0.1", "192.0.2.177", "::1", "2001:db8::77"].compactMap(bytes)
        let hostSources = [host.first { !$0.contains(":") }, host.first { $0.contains(":") }].compactMap(\.self)
        let all = sources + hostSources.compactMap(bytes)
        return [(own, true), (others, false)].flatMap { addresses, isOurs in
            unique(addresses).compactMap(bytes).map { address in
                Target(
                    address: address, sources: [source(for: address)] + all.filter { $0.count == address.count },
                    isOurs: isOurs)
            }
        }
    }

    /// The router that guests are told of: whatever is sent there must not come to this host (proc(5), /proc/PID/net/route).
    static func gateway(of holder: ProcessHandle?) -> String? {
        let routes = Files.read("/proc/\(holder.map { "\($0.pid)" } ?? "self")/net/route") ?? ""
        let fields = routes.split(separator: "\n").map { $0.split(separator: "\t") }
        guard let route = fields.first(where: { $0.count > 2 && $0[1] == "00000000" }),
            let address = UInt32(route[2], radix: 16), address != 0
        else { return nil }
        // In the machine's order of bytes.
        return text(withUnsafeBytes(of: address) { Array($0) })
    }

    private static func text(_ address: [UInt8]) -> String {
        IPNetwork(bytes: address, prefixLength: address.count * 8)?.description ?? ""
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    /// As they stand in a frame: 4 or 16.
    static func bytes(_ text: String) -> [UInt8]? {
        let isIPv6 = text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }

    /// Runs what waits for sockets where no task waits for it.
    static func offPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }

    static func pair() throws(MachineError) -> (Descriptor, Descriptor) {
        let ends = try MachineError.translating { () throws(ProcessError) in try UnixSocket.pair() }
        // A helper that has ended, or hangs, takes nothing: whoever sends to it must not wait for ever.
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(ends.0.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return ends
    }
}

/// What a guest must not reach: a port for connections and one for datagrams on every address of this host. Nothing is read
/// from a connection or sent to it.
private struct HostListener {
    let tcp: Descriptor
    let udp: Descriptor
    let tcpPort: UInt16
    let udpPort: UInt16

    init() throws(ProcessError) {
        (tcp, tcpPort) = try Self.bind(SOCK_STREAM)
        (udp, udpPort) = try Self.bind(SOCK_DGRAM)
        listen(tcp.number, 64)
    }

    func heard() -> (connections: Int, datagrams: Set<UInt16>) {
        var connections = 0
        while case let connection = accept(tcp.number, nil, nil), connection >= 0 {
            close(connection)
            connections += 1
        }
        var datagrams: Set<UInt16> = []
        var payload: [UInt8] = [0, 0]
        while recv(udp.number, &payload, 2, Int32(MSG_DONTWAIT)) == 2 {
            datagrams.insert(UInt16(payload[0]) << 8 | UInt16(payload[1]))
        }
        return (connections, datagrams)
    }

    /// On every address, of IPv4 too; of IPv4 alone where there is no IPv6.
    private static func bind(_ kind: __socket_type) throws(ProcessError) -> (Descriptor, UInt16) {
        for family in [AF_INET6, AF_INET] {
            let number = socket(
                family, CInt(kind.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
            guard number >= 0 else { continue }
            let descriptor = Descriptor(number)
            var off: CInt = 0
            if family == AF_INET6 { setsockopt(number, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4) }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(family)
            var size = socklen_t(family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(number, $0, size) == 0 && getsockname(number, $0, &size) == 0
                }
            }
            // The port stands at the same place for IPv4 and IPv6.
            if isBound { return (descriptor, UInt16(bigEndian: address.sin6_port)) }
        }
        throw ProcessError(.system, "Can't listen on this host: \(String(cString: strerror(errno)))")
    }
}
