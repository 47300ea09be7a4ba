import Domain

/// An address to listen on: `host:port`, with brackets around an IPv6 host.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 or IPv6 address, without brackets, or a name.
    package var host: String
    /// 0 takes any free port.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init?(_ text: String) {
        guard let authority = Authority(text, isOfListener: true), let port = authority.port else { return nil }
        self.init(host: authority.hostText, port: port)
    }

    /// Whether only this host can reach it.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// Whether its host is a name, which anybody could point at any address.
    package var hasName: Bool { Authority.isName(host.utf8) }

    package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
