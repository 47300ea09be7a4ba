/// Where a viewer opens a session's display.
package enum DisplayLink {
    /// The address of the noVNC page that connects by itself.
    ///
    /// Everything secret stands behind the `#`: a browser keeps that part to itself, so it gets into no server's log.
    /// - Parameters:
    ///   - base: Where the host's gateway is reached, without a slash at the end, for example `http://host:6080`.
    ///   - port: Port of the session's own gateway, for a one-shot session.
    package static func url(base: String, token: String, port: Int? = nil) -> String {
        var options = "autoconnect=true&resize=scale&path=websockify%3Ftoken%3D\(token)"
        if let port { options += "&port=\(port)" }
        return "\(base)/vnc.html#\(options)"
    }
}
