import Domain
import HTTPTypes
import Hummingbird

/// What a browser may do with our pages: nothing that does not come from here.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = FrontendContext

    /// Whether people reach this server by TLS.
    let isSecure: Bool

    static let policy = policy(connect: [])

    /// As many sources are named one by one: a proxy may refuse a longer header (nginx reads 4 KiB).
    static let mostSources = 32

    /// - Parameter displays: WebSockets that the page may open beside what is ours.
    static func policy(connect displays: [String]) -> String {
        var sources = Set(displays.map(source))
        if sources.count > mostSources { sources = Set(displays.map(scheme)) }
        return [
            "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:",
            (["connect-src 'self'"] + sources.sorted()).joined(separator: " "), "form-action 'self'",
            "frame-ancestors 'none'", "base-uri 'none'",
        ].joined(separator: "; ")
    }

    /// That of a page which opens displays: a browser wants to know with the page where that may connect to.
    static func policy(toDisplaysOf hosts: [Host]) -> String {
        policy(connect: hosts.filter(\.alive).compactMap { DisplayLink.webSocket(base: $0.status.displayURL) })
    }

    /// A display as a policy can name it. For an IPv6 address, and for a name that is none of the DNS, there is no word
    /// (CSP3 2.3.1, host-source): then any host of the scheme may be one.
    private static func source(_ display: String) -> String {
        let scheme = scheme(display)
        let authority = display.dropFirst(scheme.count + 2).prefix { $0 != "/" }
        let isPlain = authority.utf8.allSatisfy { byte in
            switch byte {
            case 48...58, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        return isPlain ? display : scheme
    }

    /// `ws:` or `wss:`.
    private static func scheme(_ display: String) -> String { "\(display.prefix { $0 != ":" }):" }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        // A viewer's page names the displays.
        if response.headers[.contentSecurityPolicy] == nil { response.headers[.contentSecurityPolicy] = Self.policy }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginOpenerPolicy] = "same-origin"
        // Half a year: whoever came in by TLS once does not send a password without it.
        if isSecure { response.headers[.strictTransportSecurity] = "max-age=15768000" }
        // Not `no-referrer`: with it browsers send `Origin: null` with our own forms too, and then nothing would tell
        // them from a stranger's on a page without TLS. Other sites get no referrer in either case.
        response.headers[.referrerPolicy] = "same-origin"
        return response
    }
}
