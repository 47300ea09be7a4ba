import Domain

/// Whose web pages may open displays, by the `Origin` that browsers send with a WebSocket.
///
/// The token is what opens a display. This keeps a page of somebody else, who may have come by one, out of the browsers of
/// people who reach this host.
package struct OriginRule: Sendable, Hashable {
    /// `https://desk.example.org`, without a port that is the scheme's own.
    private let listed: Set<String>
    /// Whether pages at localhost, at addresses that the internet does not route, and at the very address that the
    /// display was asked at are our own. Names are never: whoever owns one can point it anywhere.
    private let ownAddresses: Bool

    /// - Parameter origins: Addresses of web pages. Their paths do not count.
    package init(_ origins: [String] = [], ownAddresses: Bool = true) {
        listed = Set(origins.compactMap(Self.normal))
        self.ownAddresses = ownAddresses
    }

    /// - Parameters:
    ///   - origin: What the browser says.
    ///   - host: What the request's `Host` says.
    func allows(_ origin: String, host: String) -> Bool {
        guard let origin = Self.normal(origin) else { return false }
        if listed.contains(origin) { return true }
        guard ownAddresses, let name = origin.split(separator: "/").last.map({ Self.host(String($0)) }) else {
            return false
        }
        if name == "localhost" || name.hasSuffix(".localhost") { return true }
        guard let address = ClientAddress(name) else { return false }
        return address == ClientAddress(Self.host(host)) || Self.unrouted.contains { $0.contains(address) }
    }

    /// Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291).
    private static let unrouted = [
        "127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7",
        "fe80::/10",
    ].compactMap(IPNetwork.init)

    /// `scheme://host` in lower case, with the port unless it is the scheme's own; nil for what is no web page's address.
    private static func normal(_ text: String) -> String? {
        let text = text.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where text.hasPrefix(scheme) {
            var authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
            if authority.hasSuffix(port), authority.last != "]" { authority.removeLast(port.count) }
            guard !authority.isEmpty, !authority.contains("@"), authority.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { return nil }
            return scheme + authority
        }
        return nil
    }

    /// The host of `host[:port]`, an IPv6 one without its brackets.
    private static func host(_ authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
