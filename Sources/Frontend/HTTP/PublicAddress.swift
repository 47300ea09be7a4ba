import HTTPTypes
import Hummingbird

/// Where people reach these pages.
struct PublicAddress: Sendable, Hashable {
    /// `https://desk.example.org`, or nil to follow each request.
    let origin: String?
    /// What stands before every path of ours, `/qwd` or nothing.
    let base: String

    /// - Parameter publicURL: An http or https URL, or `""`. What is no such URL counts as `""`.
    init(publicURL: String) {
        let parts = publicURL.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else {
            origin = nil
            base = ""
            return
        }
        let host = parts[1].prefix { $0 != "/" }
        guard HostName.isValid(String(host)) else {
            origin = nil
            base = ""
            return
        }
        origin = "\(parts[0].lowercased())://\(host.lowercased())"
        var path = String(parts[1].dropFirst(host.count))
        while path.hasSuffix("/") { path.removeLast() }
        base = path
    }

    var isSecure: Bool { origin?.hasPrefix("https:") ?? false }

    /// The absolute URL of a path of ours, or nil if nothing trustworthy says where we are.
    func url(_ path: String, for request: Request, secure: Bool = false) -> String? {
        if let origin { return origin + base + path }
        guard let host = request.head.authority, HostName.isValid(host) else { return nil }
        return "\(secure ? "https" : "http")://\(host)\(base)\(path)"
    }

    /// Whether a request that changes something comes from a page of ours, or from no browser at all.
    ///
    /// Browsers say so by `Sec-Fetch-Site` where the page is secure or local, and by `Origin` everywhere.
    func isSameOrigin(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let sender = request.headers[.origin]?.lowercased() else { return true }
        if sender == origin { return true }
        guard let host = request.head.authority?.lowercased(), HostName.isValid(host) else { return false }
        // Behind a proxy that ends TLS the scheme is https outside and http here.
        return sender == "http://\(host)" || sender == "https://\(host)"
    }
}
