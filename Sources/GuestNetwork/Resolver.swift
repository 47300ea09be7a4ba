import Domain
import Processes

/// This host's name servers, and how guests reach them.
///
/// One that listens on the host's own loopback (systemd-resolved, dnsmasq) can't be reached from the guests' network. So
/// guests ask an address that stands for it, and pasta asks the host's own in their place: names work whatever the filter
/// forbids, and port 53 by UDP is all that is open.
package struct Resolver: Sendable, Equatable, CustomStringConvertible {
    package static let file = "/etc/resolv.conf"
    /// Link-local and a unique local address (RFC 3927, RFC 4193): no route of any network leads there.
    private static let (standIn4, standIn6) = ("169.254.53.53", "fd53:5164:7764::53")

    /// As the file names them.
    var servers: [String]

    static func read() -> Resolver {
        Resolver(configuration: Files.read(file) ?? "")
    }

    init(configuration: String) {
        servers = configuration.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? String(words[1]) : nil
        }
    }

    /// The addresses that pasta answers for: it needs a server of the same kind.
    var forwarded: [String] {
        (servers.contains { !$0.contains(":") } ? [Self.standIn4] : [])
            + (servers.contains { $0.contains(":") } ? [Self.standIn6] : [])
    }

    /// What guests are told. The servers themselves too, as far as they can be reached: for answers too long for UDP.
    func forGuests(notAmong own: [IPNetwork]) -> [String] {
        forwarded + servers.filter { server in IPNetwork(server) != nil && !own.contains { $0.contains(server) } }
    }

    package var description: String { servers.joined(separator: " ") }
}
