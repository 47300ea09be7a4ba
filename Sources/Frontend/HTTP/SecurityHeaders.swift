import HTTPTypes
import Hummingbird

/// What a browser may do with our pages: nothing that does not come from here.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = FrontendContext

    /// Whether people reach this server by TLS.
    let isSecure: Bool

    static let policy = policy(connect: nil)

    /// - Parameter display: A WebSocket that the page may open beside what is ours.
    static func policy(connect display: String?) -> String {
        // A policy can't name an IPv6 address (CSP3 2.3.1, host-source): then any host of the scheme may be one.
        let display = display.map { $0.contains("[") ? "\($0.prefix { $0 != ":" }):" : $0 }
        return [
            "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:",
            (["connect-src 'self'"] + [display].compactMap(\.self)).joined(separator: " "), "form-action 'self'",
            "frame-ancestors 'none'", "base-uri 'none'",
        ].joined(separator: "; ")
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        // A viewer's page names its display.
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
