/// Where a display is reached by WebSocket.
package struct DisplayAddress: Sendable, Hashable {
    package var host: String
    package var port: Int
    /// With the query, for example `/websockify?token=...`.
    package var path: String

    package init(host: String, port: Int, path: String) {
        self.host = host
        self.port = port
        self.path = path
    }

    /// Reads `ws://host:port/path?query`, nil for anything else.
    package init?(webSocketURL url: String) {
        guard let place = Place(url, scheme: "ws") else { return nil }
        self.init(host: place.host, port: place.port, path: place.rest.isEmpty ? "/" : place.rest)
    }

    /// Reads a link to noVNC's page, `http://host:port/vnc.html#...&path=websockify%3Ftoken%3D...`, as noVNC does.
    package init?(connectLink link: String) {
        let halves = link.split(separator: "#", maxSplits: 1)
        guard halves.count == 2, let place = Place(String(halves[0]), scheme: "http") else { return nil }
        var options: [String: String] = [:]
        for option in halves[1].split(separator: "&") {
            let pair = option.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { options[String(pair[0])] = Self.unescape(pair[1]) }
        }
        guard let path = options["path"] else { return nil }
        self.init(host: place.host, port: options["port"].flatMap { Int($0) } ?? place.port, path: "/\(path)")
    }

    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The parts of an absolute URL: `scheme://host[:port]rest`.
private struct Place {
    var host: String
    var port: Int
    var rest: String

    init?(_ url: String, scheme: String) {
        guard url.hasPrefix("\(scheme)://") else { return nil }
        let tail = url.dropFirst(scheme.count + 3)
        let authority = tail.prefix { $0 != "/" && $0 != "?" }
        rest = String(tail.dropFirst(authority.count))
        // The last colon, unless it is one of an IPv6 address in brackets.
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = Int(authority[authority.index(after: colon)...]) else { return nil }
            port = number
            host = String(authority[..<colon])
        } else {
            port = 80
            host = String(authority)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, (1...65535).contains(port) else { return nil }
    }
}
