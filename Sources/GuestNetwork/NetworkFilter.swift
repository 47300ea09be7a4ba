import Domain

/// What guests may reach: rules for nftables in the guests' network namespace.
///
/// The packets there come from the sockets of each session's passt, so the filter hooks its output; a user id tells the session.
struct NetworkFilter: Sendable, Equatable {
    /// What each session may use of the network that all share.
    var share: NetworkShare
    /// Networks that no guest reaches.
    var deny: [IPNetwork]
    /// Exceptions from `deny`.
    var allow: [IPNetwork]
    /// What this host itself answers for. Not even `allow` opens it.
    var own: [IPNetwork]
    /// Where guests find the names: stands for the host's own resolver.
    var resolvers: [String]

    private var sets: [(name: String, networks: [IPNetwork], isIPv6: Bool)] {
        [("own", own), ("deny", deny), ("allow", allow)].flatMap { name, networks in
            [("\(name)4", networks.filter { !$0.isIPv6 }, false), ("\(name)6", networks.filter(\.isIPv6), true)]
        }
    }

    /// The text for `nft -f -`, which replaces what was there in one step. But for the counts of what sessions have open: to
    /// lose them would give each session its share a second time.
    var rules: String {
        """
        table inet qwd {
        \(sets.map { set($0.name, [], isIPv6: $0.isIPv6) }.joined(separator: "\n"))
        }
        flush table inet qwd
        \(sets.map { "flush set inet qwd \($0.name)" }.joined(separator: "\n"))
        table inet qwd {
        \(sets.map { set($0.name, $0.networks, isIPv6: $0.isIPv6) }.joined(separator: "\n"))
        \(share.sets)
          chain output {
            type filter hook output priority 0; policy accept;
            icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
            oif "lo" meta skuid 0-4294967294 reject
            oif "lo" accept
        \(resolvers.map { "    \(family($0)) daddr \($0) udp dport 53 goto bounded" }.joined(separator: "\n"))
            ip daddr @own4 reject
            ip6 daddr @own6 reject
            fib daddr type { local, broadcast, multicast, anycast } drop
            ip daddr @allow4 goto bounded
            ip6 daddr @allow6 goto bounded
            ip daddr @deny4 reject
            ip6 daddr @deny6 reject
            goto bounded
          }
          chain bounded {
        \(share.rules)
            accept
          }
          chain input {
            type filter hook input priority 0; policy drop;
            ct state established,related accept
            iif "lo" accept
            icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
          }
          chain outgoing {
            type nat hook postrouting priority 100;
            oif != "lo" meta l4proto udp masquerade to :\(share.outgoingPorts) random
            oif != "lo" masquerade random
          }
          chain forward {
            type filter hook forward priority 0; policy drop;
          }
        }

        """
    }

    private func set(_ name: String, _ networks: [IPNetwork], isIPv6: Bool) -> String {
        let elements = networks.map(\.description).joined(separator: ", ")
        let type = isIPv6 ? "ipv6_addr" : "ipv4_addr"
        return "  set \(name) { type \(type); flags interval; auto-merge;"
            + (elements.isEmpty ? " }" : " elements = { \(elements) }; }")
    }

    private func family(_ address: String) -> String { address.contains(":") ? "ip6" : "ip" }
}
