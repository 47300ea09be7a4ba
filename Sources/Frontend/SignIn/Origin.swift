import Domain
import HTTPTypes
import Hummingbird

/// Where a request comes from. What a proxy says of it is believed only where an administrator named the proxy.
struct Origin: Sendable, Hashable {
    let address: String
    let isSecure: Bool

    /// - Parameter peer: The address that the connection comes from.
    init(request: Request, peer: String, proxies: [IPNetwork]) {
        func isProxy(_ address: String) -> Bool { proxies.contains { $0.contains(address) } }
        guard isProxy(peer) else {
            address = peer
            isSecure = false
            return
        }
        // Each proxy adds the one it was asked by, so the last that is no proxy is the person's.
        let chain = request.headers[values: .forwardedFor].joined(separator: ",").split(separator: ",")
            .map { String($0.filter { $0 != " " }) }
        address = chain.last { !isProxy($0) && Self.isAddress($0) } ?? peer
        isSecure = request.headers[.forwardedProto]?.lowercased() == "https"
    }

    private static func isAddress(_ text: String) -> Bool {
        (2...45).contains(text.utf8.count) && text.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
    }
}
