#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

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
        guard let (host, port) = Self.split(text), let port else { return nil }
        self.init(host: host, port: port)
    }

    /// Whether only this host can reach it.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// Whether its host is a name, which anybody could point at any address.
    package var hasName: Bool { Self.isName(host) }

    package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The host and the port, if there is one, of `host`, `host:port`, `[v6]` or `[v6]:port`. Nil if either is none.
    static func split(_ text: some StringProtocol) -> (host: String, port: Int?)? {
        let host: String
        let rest: String
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<end])
            rest = String(text[text.index(after: end)...])
            guard isIPv6(host) else { return nil }
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = String(text[..<end])
            rest = String(text[end...])
            guard isIPv4OrName(host) else { return nil }
        }
        if rest.isEmpty { return (host, nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.count <= 5, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = Int(digits), port <= 65535
        else { return nil }
        return (host, port)
    }

    /// A zone (`fe80::1%eth0`, RFC 4007) is left to the system.
    private static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        let zone = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        return zone.last != "" && inet_pton(AF_INET6, String(zone[0]), &address) == 1
    }

    /// A text of digits and dots must be an IPv4 address.
    private static func isIPv4OrName(_ text: String) -> Bool {
        var address = in_addr()
        return isName(text) || inet_pton(AF_INET, text, &address) == 1
    }

    /// Labels of 1 to 63 letters, digits, `-` and `_`, but not digits alone (RFC 1123 2.1).
    static func isName(_ text: String) -> Bool {
        text.utf8.count <= 253 && !text.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
    }
}
