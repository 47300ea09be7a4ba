/// The beginning of a WebSocket (RFC 6455, section 4).
enum WebSocketHandshake {
    /// The key and its answer from the RFC's own example. It proves that the server speaks WebSocket and is no secret.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let answerToKey = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    static func request(_ address: DisplayAddress) -> String {
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        return [
            "GET \(address.path) HTTP/1.1", "Host: \(host):\(address.port)", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: binary, \(address.token)", "", "",
        ].joined(separator: "\r\n")
    }

    /// - Parameter answer: The head of the server's answer.
    static func check(_ answer: String) throws(ViewerError) {
        let lines = answer.split(separator: "\r\n")
        let status = lines.first.map { $0.split(separator: " ", maxSplits: 2) } ?? []
        guard status.count >= 2, status[0].hasPrefix("HTTP/1.") else {
            throw ViewerError(.unexpected, "The display's gateway does not answer as a web server.")
        }
        guard status[1] == "101" else {
            throw ViewerError(.refused, "The display's gateway answered \(status.dropFirst().joined(separator: " ")).")
        }
        let accepted = lines.dropFirst().contains { line in
            let pair = line.split(separator: ":", maxSplits: 1)
            return pair.count == 2 && pair[0].lowercased() == "sec-websocket-accept"
                && pair[1].drop { $0 == " " } == answerToKey
        }
        guard accepted else { throw ViewerError(.unexpected, "The display's gateway does not speak WebSocket.") }
    }
}
