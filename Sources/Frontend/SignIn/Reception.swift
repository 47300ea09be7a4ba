import Domain
import HTTPTypes
import Hummingbird
import Logins
import NIOCore
import Secrets

/// Finds out who sends a request, and refuses forms that no page of ours has sent.
struct Reception: RouterMiddleware {
    typealias Context = FrontendContext

    static let loginCookie = "qwd-login"
    static let formCookie = "qwd-form"

    let site: Site

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // Whoever looks after the service asks these, and pages of errors show them too.
        if Self.isPublic(request.uri.path) { return try await next(request, context) }
        var (request, context) = (request, context)
        context.visitor.address = context.client?.description ?? ""
        context.visitor.isSecure =
            site.pages.address.isSecure || site.options.tls
            || request.isForwardedSecurely(by: context.peer, of: site.options.proxies)
        context.visitor.isOpenHouse = site.desk == nil
        let known = request.cookie(Self.formCookie)
        let seed = known.flatMap { $0.utf8.count == 43 ? $0 : nil } ?? LoginToken.random().revealed
        context.visitor.formToken = site.secret.mark(seed, for: .form)
        if let desk = site.desk, let token = request.cookie(Self.loginCookie) {
            try await context.visitor.enter(by: Secret(token), at: desk)
        }
        if ![.get, .head].contains(request.method) { try await check(&request, context.visitor) }
        var response = try await next(request, context)
        if known != seed, request.method == .get, response.headers[.contentType]?.hasPrefix("text/html") == true {
            response.headers.append(
                HTTPField(
                    name: .setCookie,
                    value: site.pages.address.cookie(Self.formCookie, seed, secure: context.visitor.isSecure)))
        }
        return response
    }

    /// A browser sends cookies with whatever page asks it to. So what comes from a browser, or with a login, must show that
    /// a page of ours asked.
    private func check(_ request: inout Request, _ visitor: Visitor) async throws {
        let isBrowser = request.headers[.origin] != nil || request.headers[.secFetchSite] != nil
        guard isBrowser || visitor.login != nil else { return }
        let body = try await request.collectBody(upTo: FrontendContext.longestBody)
        if let token = request.headers[.formToken], MaskedFormToken.isEqual(token, to: visitor.formToken) { return }
        let fields = try FormFields(body: Array(body.readableBytesView), contentType: request.headers[.contentType])
        guard case .text(let token) = fields["csrf"].first, MaskedFormToken.isEqual(token, to: visitor.formToken) else {
            throw FrontendError(code: .staleForm)
        }
    }

    private static func isPublic(_ path: String) -> Bool {
        ["/healthz", "/readyz", "/metrics"].contains(path) || path.hasPrefix("/assets/") || path.hasPrefix("/novnc/")
    }
}

extension Request {
    /// Whether every proxy up to one of ours was asked over TLS, as that one says.
    fileprivate func isForwardedSecurely(by peer: ClientAddress?, of proxies: [IPNetwork]) -> Bool {
        guard let peer, proxies.contains(where: { $0.contains(peer) }) else { return false }
        let schemes = headers[values: .forwardedProto].flatMap { $0.lowercased().split(separator: ",") }
        return !schemes.isEmpty && schemes.allSatisfy { $0.trimmed == "https" }
    }
}
