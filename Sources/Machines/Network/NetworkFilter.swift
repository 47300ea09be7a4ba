import Domain

/// What guests may reach: rules for nftables in the guests' network namespace.
///
/// The packets there come from the sockets of each session's passt, so the filter hooks its output; a user id tells the session.
struct NetworkFilter: Sendable, Equatable {
    /// Connections and exchanges of datagrams that one session may have at a time. All sessions share the descriptors of one
    /// pasta, of which a connection takes two; a browser with many pages open has some 300 connections.
    /// - Parameter descriptors: The hard limit of one process here, to which pasta raises its own (20,000 on some hosts, half a million on others).
    static func flows(descriptors: Int) -> Int { min(1024, max(128, descriptors / 40)) }

    /// See there.
    var flows: Int
    /// Ports of this host from which guests' datagrams go out: beyond those that Linux gives to others by itself
    /// (ip_local_port_range), and chosen by us. A guest that chose could take the place of a service here.
    private static let outgoingPorts = "61000-65535"

    /// Networks that no guest reaches.
    var deny: [IPNetwork]
    /// Exceptions from `deny`.
    var allow: [IPNetwork]
    /// What this host itself answers for. Not even `allow` opens it.
    var own: [IPNetwork]
    /// Where guests find the names: stands for the host's own resolver.
    var resolvers: [String]

    /// The text for `nft -f -`, which replaces what was there in one step.
    var rules: String {
        """
        table inet qwd
        delete table inet qwd
        table inet qwd {
        \(set("own4", own, isIPv6: false))
        \(set("own6", own, isIPv6: true))
        \(set("deny4", deny, isIPv6: false))
        \(set("deny6", deny, isIPv6: true))
        \(set("allow4", allow, isIPv6: false))
        \(set("allow6", allow, isIPv6: true))
          set flows { type uid; size 65535; flags dynamic; }
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
            ct state new add @flows { meta skuid ct count over \(flows) } reject
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
            oif != "lo" meta l4proto udp masquerade to :\(Self.outgoingPorts) random
            oif != "lo" masquerade random
          }
          chain forward {
            type filter hook forward priority 0; policy drop;
          }
        }

        """
    }

    private func set(_ name: String, _ networks: [IPNetwork], isIPv6: Bool) -> String {
        let elements = networks.filter { $0.isIPv6 == isIPv6 }.map(\.description).joined(separator: ", ")
        let type = isIPv6 ? "ipv6_addr" : "ipv4_addr"
        return "  set \(name) { type \(type); flags interval; auto-merge;"
            + (elements.isEmpty ? " }" : " elements = { \(elements) }; }")
    }

    private func family(_ address: String) -> String { address.contains(":") ? "ip6" : "ip" }
}
