import Settings

extension Settings {
    /// Where people reach the pages, without a slash at its end: `frontend.public_url`, or where they are listened for.
    var pagesURL: String { pagesURL(port: frontend.listen.port) }

    /// - Parameter port: The one that is listened on, where any free one was asked for.
    func pagesURL(port: Int) -> String {
        if let url = frontend.publicURL { return url }
        var listen = frontend.listen
        listen.port = port
        // Nobody can go to "any address"; from here this one is right.
        if listen.host == "0.0.0.0" { listen.host = "127.0.0.1" }
        if listen.host == "::" { listen.host = "::1" }
        return "\(tls.certificate == nil ? "http" : "https")://\(listen)"
    }

    /// Addresses of web pages that may open displays beside those at addresses of our own: those of others, and our own by the
    /// name that the frontend answers to (`KnownHosts`), which is that of `frontend.public_url` or of `frontend.listen`.
    var displayOrigins: [String] {
        display.origins + (frontend.publicURL != nil || frontend.listen.hasName ? [pagesURL] : [])
    }
}
