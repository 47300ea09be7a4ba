/// Where a viewer opens a session's display: a page of the frontend.
package enum DisplayLink {
    /// The path of the viewer's page.
    package static func path(_ session: SessionID) -> String { "/sessions/\(session)/display" }

    /// The address of the viewer's page, which connects by itself.
    ///
    /// The token stands behind the `#`: a browser keeps that part to itself, so it gets into no server's or proxy's log.
    /// - Parameter frontend: Where the pages are reached, without a slash at the end.
    package static func page(frontend: String, session: SessionID, token: String) -> String {
        "\(frontend)\(path(session))#\(token)"
    }

    /// The WebSocket of a host's displays, or nil if the host publishes no address that a browser could use.
    /// - Parameter base: What its worker publishes, for example `http://host:6080`, or `https://host/displays`.
    package static func webSocket(base: String) -> String? {
        for (web, socket) in [("http://", "ws://"), ("https://", "wss://")] where base.hasPrefix(web) {
            var rest = base.dropFirst(web.count)
            while rest.hasSuffix("/") { rest.removeLast() }
            // It stands in a header of the page, where other characters would mean something.
            let isPlain = rest.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: "-._~:/[]%@!$&()*+=".utf8.contains(byte)
                }
            }
            return rest.isEmpty || !isPlain ? nil : "\(socket)\(rest)/display"
        }
        return nil
    }
}
