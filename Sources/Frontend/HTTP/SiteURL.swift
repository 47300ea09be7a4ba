import Domain
import HTTPTypes
import Hummingbird

/// Where people reach these pages.
struct SiteURL: Sendable, Hashable {
    /// `https://desk.example.org`, or nil to follow each request.
    let origin: String?
    /// What stands before every path of ours, `/qwd` or nothing.
    let base: String

    /// The origin's parts.
    let scheme: String
    let authority: Authority?

    /// - Parameter publicURL: An http or https URL, or `""`. What is no such URL counts as `""`.
    init(publicURL: String) {
        guard let parts = URLParts(publicURL), ["http", "https"].contains(parts.scheme), let authority = parts.authority
        else {
            origin = nil
            base = ""
            scheme = ""
            self.authority = nil
            return
        }
        origin = "\(parts.scheme)://\(authority)"
        scheme = parts.scheme
        self.authority = authority
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        base = path
    }

    var isSecure: Bool { scheme == "https" }

    /// The absolute URL of a path of ours, or nil if nothing trustworthy says where we are.
    func url(_ path: String, for request: Request, secure: Bool = false) -> String? {
        if let origin { return origin + base + path }
        guard let host = request.head.authority, Authority(host) != nil else { return nil }
        return "\(secure ? "https" : "http")://\(host)\(base)\(path)"
    }

    /// Whether a request comes from a page of ours, or from no browser at all.
    ///
    /// Browsers say so by `Sec-Fetch-Site` where the page is secure or local, and by `Origin` everywhere. If one of them
    /// names another site, the other is not believed. The request's `Host` is one of our names, as
    /// ``KnownHostsOnly`` has seen before.
    func isSameOrigin(_ request: Request) -> Bool {
        for services in request.headers[values: .secFetchSite] where services != "same-origin" && services != "none" {
            return false
        }
        return request.headers[values: .origin].allSatisfy { isOurs(origin: $0, request) }
    }

    private func isOurs(origin: String, _ request: Request) -> Bool {
        guard let parts = URLParts(origin), ["http", "https"].contains(parts.scheme), let sender = parts.authority,
            parts.userInfo == nil, parts.path.isEmpty, parts.query == nil
        else { return false }
        let scheme = parts.scheme
        func isSame(_ own: Authority) -> Bool {
            own.host == sender.host && own.port(of: scheme) == sender.port(of: scheme)
        }
        if let authority, scheme == self.scheme, isSame(authority) { return true }
        // Behind a proxy that ends TLS the scheme is https outside and http here.
        return request.head.authority.flatMap { Authority($0) }.map(isSame) ?? false
    }
}
