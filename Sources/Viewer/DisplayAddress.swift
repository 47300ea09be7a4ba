/// Where a display is reached by WebSocket, and what opens it.
package struct DisplayAddress: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var path: String
    /// Goes with the request as the name of a protocol, as a browser sends it.
    package var token: String

    package init(host: String, port: Int, path: String = "/", token: String) {
        self.host = host
        self.port = port
        self.path = path
        self.token = token
    }

    /// Reads `ws://host:port/path`, nil for anything else.
    package init?(webSocketURL url: String, token: String) {
        guard let place = Place(url, scheme: "ws") else { return nil }
        self.init(host: place.host, port: place.port, path: place.rest.isEmpty ? "/" : place.rest, token: token)
    }
}

/// The link that opens a viewer's page: `http://host:port/path#token`.
package struct ConnectLink: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var path: String
    package var token: String

    package init?(_ link: String) {
        let halves = link.split(separator: "#", maxSplits: 1)
        guard halves.count == 2, let place = Place(String(halves[0]), scheme: "http") else { return nil }
        (host, port, path, token) = (place.host, place.port, place.rest, String(halves[1]))
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
