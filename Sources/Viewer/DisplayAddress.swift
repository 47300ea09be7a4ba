import Domain

/// Where a display is reached by WebSocket, and what opens it.
package struct DisplayAddress: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var path: String
    package var isTLS = false
    /// Goes with the request as the name of a protocol, as a browser sends it.
    package var token: String

    package init(host: String, port: Int, path: String = "/", token: String) {
        self.host = host
        self.port = port
        self.path = path
        self.token = token
    }

    /// Reads `ws://host:port/path` or `wss://`, nil for anything else.
    package init?(webSocketURL url: String, token: String) {
        let isTLS = url.hasPrefix("wss:")
        guard let place = URLParts(url, scheme: isTLS ? "wss" : "ws"), let authority = place.authority else {
            return nil
        }
        self.init(
            host: place.host, port: authority.port(of: isTLS ? "https" : "http"),
            path: place.rest.isEmpty ? "/" : place.rest, token: token)
        self.isTLS = isTLS
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
        guard halves.count == 2, let place = URLParts(String(halves[0]), scheme: "http") else { return nil }
        (host, port, path, token) = (place.host, place.port, place.rest, String(halves[1]))
    }
}

extension URLParts {
    /// Host and port of a page or a WebSocket, nil for what is none.
    fileprivate init?(_ text: String, scheme: String) {
        self.init(text)
        guard self.scheme == scheme, authority != nil, userInfo == nil else { return nil }
    }

    fileprivate var host: String { authority?.hostText ?? "" }
    fileprivate var port: Int { authority?.port(of: "http") ?? 80 }
    fileprivate var rest: String { path + (query.map { "?\($0)" } ?? "") }
}
