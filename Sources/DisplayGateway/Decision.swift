/// What the head of a request asks for, and whether it may have it.
enum Decision: Sendable, Equatable {
    /// - Parameters:
    ///   - token: What opens the display.
    ///   - socket: The VNC socket of the display.
    ///   - accept: What proves to the browser that we speak WebSocket.
    case open(token: String, socket: String, accept: String)
    case answer(Answer)

    init(_ head: RequestHead, options: GatewayOptions) {
        do throws(RequestHead.Malformed) {
            self = try Self.decide(head, options)
        } catch {
            self = .answer(.malformed)
        }
    }

    private static func decide(
        _ head: RequestHead, _ options: GatewayOptions
    ) throws(RequestHead.Malformed) -> Decision {
        guard let host = try head.single("host") else { throw RequestHead.Malformed() }
        let isUpgrade = try head.single("upgrade")?.lowercased() == "websocket"
        guard head.method == "GET", isUpgrade, head.list("connection").contains(where: { $0.lowercased() == "upgrade" })
        else {
            return .answer(head.path == "/healthz" ? .healthy : head.path == "/" ? .upgradeRequired : .notFound)
        }
        guard try head.single("sec-websocket-version") == "13" else { return .answer(.upgradeRequired) }
        guard let key = try head.single("sec-websocket-key"), let accept = WebSocketKey.accept(key) else {
            throw RequestHead.Malformed()
        }
        if let origin = try head.single("origin"), !options.origins.allows(origin, host: host) {
            return .answer(.foreignPage)
        }
        // Browsers can send nothing of their own with a WebSocket but the names of protocols.
        let protocols = head.list("sec-websocket-protocol")
        guard protocols.count == 2, let place = protocols.firstIndex(of: "binary") else {
            return .answer(.noDisplay)
        }
        let token = protocols[1 - place]
        guard let socket = TokenDirectory(path: options.tokens).socket(of: token) else { return .answer(.noDisplay) }
        return .open(token: token, socket: socket, accept: accept)
    }
}

/// An answer that ends the connection.
struct Answer: Sendable, Equatable {
    var status: String
    var text: String
    var fields: [String] = []

    static let healthy = Answer(status: "200 OK", text: "ok")
    static let malformed = Answer(status: "400 Bad Request", text: "This is no request that a browser sends.")
    static let foreignPage = Answer(
        status: "403 Forbidden",
        text: "Pages of this site may open no displays here. Whoever runs this server can set display.origins.")
    static let noDisplay = Answer(status: "403 Forbidden", text: "There is no such display, or it has ended.")
    static let notFound = Answer(status: "404 Not Found", text: "Displays are opened by WebSocket.")
    static let tooSlow = Answer(status: "408 Request Timeout", text: "The request did not come in time.")
    static let upgradeRequired = Answer(
        status: "426 Upgrade Required", text: "Displays are opened by WebSocket.",
        fields: ["Upgrade: websocket", "Sec-WebSocket-Version: 13"])
    static let tooMany = Answer(
        status: "429 Too Many Requests", text: "There are as many viewers as may be. Close another one.")
    static let tooLong = Answer(status: "431 Request Header Fields Too Large", text: "The request is too long.")
    static let unreachable = Answer(status: "502 Bad Gateway", text: "The display does not answer.")

    var bytes: [UInt8] {
        let lines =
            [
                "HTTP/1.1 \(status)", "Content-Type: text/plain; charset=utf-8",
                "Content-Length: \(text.utf8.count + 1)",
                "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
            ] + fields + ["Connection: \(fields.isEmpty ? "close" : "close, Upgrade")", "", "\(text)\n"]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// What turns a connection into a WebSocket.
    static func switching(accept: String) -> [UInt8] {
        Array(
            [
                "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: \(accept)", "Sec-WebSocket-Protocol: binary", "", "",
            ].joined(separator: "\r\n").utf8)
    }
}
