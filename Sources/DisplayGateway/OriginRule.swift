import Domain

/// Whose web pages may open displays, by the `Origin` that browsers send with a WebSocket.
///
/// The token is what opens a display. This keeps a page of somebody else, who may have come by one, out of the browsers of
/// people who reach this host.
package struct OriginRule: Sendable, Hashable {
    private let listed: Set<Origin>
    /// Whether pages at localhost, at addresses that the internet does not route, and at the very address that the
    /// display was asked at are our own. Names are never: whoever owns one can point it anywhere.
    private let ownAddresses: Bool

    /// - Parameter origins: Addresses of web pages. Their paths do not count.
    package init(_ origins: [String] = [], ownAddresses: Bool = true) {
        listed = Set(origins.compactMap { Origin($0) })
        self.ownAddresses = ownAddresses
    }

    /// - Parameters:
    ///   - origin: What the browser says.
    ///   - host: What the request's `Host` says.
    func allows(_ origin: String, host: String) -> Bool {
        guard let origin = Origin(origin) else { return false }
        if listed.contains(origin) { return true }
        guard ownAddresses else { return false }
        switch origin.host {
        case .name(let name): return name == "localhost" || name.hasSuffix(".localhost")
        case .address(let address):
            return .address(address) == Authority(host)?.host || Self.unrouted.contains { $0.contains(address) }
        }
    }

    /// Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291).
    private static let unrouted = [
        "127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7",
        "fe80::/10",
    ].compactMap(IPNetwork.init)

    /// A web page's address up to its path, compared by what it means.
    private struct Origin: Hashable {
        let scheme: String
        let host: Authority.Host
        let port: Int

        init?(_ text: String) {
            guard let parts = URLParts(text), ["http", "https"].contains(parts.scheme), parts.userInfo == nil,
                let authority = parts.authority
            else { return nil }
            scheme = parts.scheme
            host = authority.host
            port = authority.port(of: scheme)
        }
    }
}
