/// What each session may use of the guests' network: connections, exchanges of datagrams, and how fast it may begin new ones.
///
/// All sessions share one pasta, whose descriptors are what runs out. A connection takes two of them, and a port from which
/// datagrams go out one for IPv4 and one for IPv6, whoever uses it. So the ports are few enough for a quarter of the
/// descriptors, and the sessions divide the rest: even if all of them use up what is theirs, a new one gets connections.
struct NetworkShare: Sendable, Equatable {
    /// What pasta gets where root may give it; Linux allows no more by default (fs.nr_open).
    static let mostDescriptors = 1 << 20
    /// A browser with many pages open has some 300 connections.
    private static let mostFlows = 1024
    /// Begun in a second. A browser's start is some 100; who tries all ports of a network wants thousands.
    private static let newFlows = 200

    /// Connections and exchanges of datagrams that one session may have at a time.
    var flows: Int
    /// Ports of this host from which guests' datagrams go out: beyond those that Linux gives to others by itself
    /// (ip_local_port_range), and chosen by us. A guest that chose could take the place of a service here.
    var outgoingPorts: String
    /// Whether sessions have users of their own. Else their addresses tell them apart, which is no protection from a guest
    /// that has broken out of its passt.
    var byUser: Bool

    /// - Parameters:
    ///   - descriptors: That pasta may have.
    ///   - sessions: That may run here at a time.
    init(descriptors: Int, sessions: Int, byUser: Bool) {
        let ports = max(64, min(4536, descriptors / 8))
        // Some that pasta needs itself.
        let rest = descriptors - 2 * ports - 64
        flows = min(Self.mostFlows, max(16, rest / 2 / max(1, sessions)))
        outgoingPorts = "\(65536 - ports)-65535"
        self.byUser = byUser
    }

    private struct Key {
        var name, type, word: String
    }

    private var keys: [Key] {
        byUser
            ? [Key(name: "", type: "uid", word: "meta skuid")]
            : [
                Key(name: "4", type: "ipv4_addr", word: "ip saddr"),
                Key(name: "6", type: "ipv6_addr", word: "ip6 saddr"),
            ]
    }

    /// Where the filter counts.
    var sets: String {
        keys.map {
            """
              set flows\($0.name) { type \($0.type); size 65535; flags dynamic; }
              set starts\($0.name) { type \($0.type); size 65535; flags dynamic; timeout 1m; }
            """
        }.joined(separator: "\n")
    }

    /// What refuses a new connection.
    var rules: String {
        keys.map {
            """
                ct state new update @starts\($0.name) { \($0.word) limit rate over \(Self.newFlows)/second burst 500 packets } reject
                ct state new add @flows\($0.name) { \($0.word) ct count over \(flows) } reject
            """
        }.joined(separator: "\n")
    }
}

/// How long the namespace's kernel remembers connections. The filter counts what is remembered, so that must be at least
/// what pasta keeps open: two hours without a packet, in whatever state (passt(1) and its tcp.c, ACT_TIMEOUT). Linux would
/// forget a half-closed one after a minute.
enum ConnectionTracking {
    private static let place = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_"
    private static let kept = ["established", "fin_wait", "close_wait", "last_ack", "max_retrans", "unacknowledged"]
    /// What has ended is in nobody's way, but takes room in the kernel's table.
    private static let ended = ["time_wait", "close"]

    /// Files of the namespace, and what they must say in seconds.
    static let times = [
        (files: kept.map { place + $0 }, seconds: 7500), (files: ended.map { place + $0 }, seconds: 10),
    ]
}
