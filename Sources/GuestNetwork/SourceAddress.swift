package import Domain
package import Processes

/// The address that a session's passt sends from inside of the guests' network. All sessions share that network: without an
/// address of its own one session's datagrams would be answered to another one that uses the same port. Outside nobody sees
/// it, because what leaves gets the host's.
package struct SourceAddress: Sendable, Hashable {
    /// Networks that are routed nowhere (RFC 2544; a unique local one, RFC 4193). Whatever is in them is local there.
    static let networks = ["198.18.0.0/15", "fd53:5164:7764:1::/64"]

    /// Numbers whose addresses are there from the start, because to add one takes a session's start some milliseconds.
    static let ready = 0..<272

    /// Sessions that can have addresses of their own: the IPv4 network has 131,072.
    static let count = 130_000

    private let number: Int
    /// Of IPv4 and IPv6.
    let addresses: [String]

    /// - Parameter number: Of the session among those of this host.
    package init(number: Int) {
        self.number = number
        // The first addresses of the networks stay unused.
        let place = number % Self.count + 256
        addresses = [
            "198.\(18 + place >> 16).\(place >> 8 & 255).\(place & 255)",
            "fd53:5164:7764:1::\(String(place >> 16, radix: 16)):\(String(place & 0xFFFF, radix: 16))",
        ]
    }

    /// Of a session that has no number of its own: as unlike as ids are.
    package init(_ session: SessionID) {
        self.init(number: session.text.utf8.reduce(5381) { ($0 &* 33 &+ Int($1)) & 0xFFFF_FFFF })
    }
}

extension SourceAddress {
    /// Makes it an address of the guests' network. Over IPv4 a socket can be bound to whatever is routed as local, over IPv6
    /// only to an address that is there (Linux, inet6_bind), and passt sends no datagrams without. (The setting that lifts this,
    /// ip_nonlocal_bind, does not help: passt takes each target that it can be bound to for one of its own host.)
    func take(in holder: ProcessHandle) async {
        if !Self.ready.contains(number) { await ip("replace", holder) }
    }

    /// No session has it any more.
    package func giveUp(in holder: ProcessHandle) async {
        if !Self.ready.contains(number) { await ip("del", holder) }
    }

    /// Makes those that are ready addresses of the guests' network, where there is IPv6.
    static func prepare(in holder: ProcessHandle) async {
        let lines = ready.compactMap { number in
            SourceAddress(number: number).addresses.first { $0.contains(":") }.map {
                "address replace \($0)/128 dev lo"
            }
        }
        var ip = Program("ip", ["-batch", "-"], package: "iproute2")
        ip.network = holder
        _ = try? await ForegroundProcess.run(ip, input: lines.joined(separator: "\n") + "\n", limit: .seconds(10))
    }

    private func ip(_ verb: String, _ holder: ProcessHandle) async {
        for address in addresses where address.contains(":") {
            var ip = Program("ip", ["address", verb, "\(address)/128", "dev", "lo"], package: "iproute2")
            ip.network = holder
            // It fails where there is no IPv6, and where it is gone already.
            _ = try? await ForegroundProcess.run(ip, limit: .seconds(10))
        }
    }
}
