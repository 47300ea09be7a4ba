import Domain
import HTTPTypes
import Hummingbird
import Logins
import NIOCore
import Secrets

/// Finds out who sends a request, and refuses forms that no page of ours has sent.
struct AuthenticationMiddleware: RouterMiddleware {
    typealias Context = FrontendContext

    static let loginCookie = "qwd-login"
    static let formCookie = "qwd-form"

    let services: FrontendServices

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // Whoever looks after the service asks these, and pages of errors show them too.
        if Self.isPublic(request.uri.path) { return try await next(request, context) }
        var (request, context) = (request, context)
        context.currentUser.address = context.client?.description ?? ""
        context.currentUser.isSecure =
            services.pages.address.isSecure || services.options.tls
            || request.isForwardedSecurely(by: context.peer, of: services.options.proxies)
        context.currentUser.authenticationDisabled = services.signInService == nil
        let known = request.cookies[Self.formCookie]?.value
        let seed = known.flatMap { $0.utf8.count == 43 ? $0 : nil } ?? LoginToken.random().revealed
        context.currentUser.formToken = services.secret.mark(seed, for: .form)
        if let signInService = services.signInService, let token = request.cookies[Self.loginCookie]?.value {
            try await context.currentUser.enter(by: Secret(token), at: signInService)
        }
        if ![.get, .head].contains(request.method) { try await check(&request, context.currentUser) }
        var response = try await next(request, context)
        if known != seed, request.method == .get, response.headers[.contentType]?.hasPrefix("text/html") == true {
            response.setCookie(
                services.pages.address.cookie(Self.formCookie, seed, secure: context.currentUser.isSecure))
        }
        return response
    }

    /// A browser sends cookies with whatever page asks it to. So what comes from a browser, or with a login, must show that
    /// a page of ours asked.
    private func check(_ request: inout Request, _ currentUser: CurrentUser) async throws {
        let isBrowser = request.headers[.origin] != nil || request.headers[.secFetchSite] != nil
        guard isBrowser || currentUser.login != nil else { return }
        let body = try await request.collectBody(upTo: services.longestBody(currentUser))
        if let token = request.headers[.formToken], MaskedFormToken.isEqual(token, to: currentUser.formToken) { return }
        let fields = try FormFields(body: Array(body.readableBytesView), contentType: request.headers[.contentType])
        guard case .text(let token) = fields["csrf"].first, MaskedFormToken.isEqual(token, to: currentUser.formToken)
        else {
            // What makes a form ours lies in a cookie.
            throw FrontendError(code: request.cookies[Self.formCookie] == nil ? .noCookie : .staleForm)
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
