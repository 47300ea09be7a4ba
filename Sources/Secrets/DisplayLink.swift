/// Where a viewer opens a session's display.
package enum DisplayLink {
    /// The address of the noVNC page that connects by itself.
    ///
    /// Everything secret stands behind the `#`: a browser keeps that part to itself, so it gets into no server's log.
    /// - Parameters:
    ///   - base: Where the host's gateway is reached, without a slash at the end, for example `http://host:6080`, or
    ///     `https://host/displays` behind a proxy.
    ///   - port: Port of the session's own gateway, for a one-shot session.
    package static func url(base: String, token: String, port: Int? = nil) -> String {
        // noVNC takes the path from the root of the host, wherever its own page is.
        let root = base.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).filter { !$0.isEmpty }
        let path = (root.map(String.init) + ["websockify"]).joined(separator: "%2F")
        var options = "autoconnect=true&resize=scale&path=\(path)%3Ftoken%3D\(token)"
        if let port { options += "&port=\(port)" }
        return "\(base)/vnc.html#\(options)"
    }
}
