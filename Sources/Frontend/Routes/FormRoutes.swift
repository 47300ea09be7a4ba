import Domain
import HTTPTypes
import Hummingbird
import Logins
import NIOCore
import Queue

/// The form, and what becomes of it.
struct FormRoutes: Sendable {
    let services: FrontendServices
    let sessionCreator: SessionCreator
    /// Nil where nobody signs in.
    let signIn: SignInRoutes?

    func add(to router: Router<FrontendContext>) {
        router.get("/") { request, context in try await show(request, context) }
        // The address of the form, which somebody may load again.
        router.get("/sessions") { request, context in
            try services.requireSignIn(context, for: request)
            return Response.redirect(to: services.pages.address.base + "/")
        }
        if signIn == nil {
            for page in ["/sign-in", "/sign-in/code", "/account"] {
                router.get(RouterPath(page)) { _, _ in Response.redirect(to: services.pages.address.base + "/") }
            }
        }
        router.post("/sessions") { request, context in try await create(request, context) }
    }

    /// Only shows. No parameter of the query creates anything; `machine` chooses one in advance.
    private func show(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let cookie = BrowserCookie(request: request)
        let wanted = request.uri.queryParameters["machine"].map(String.init) ?? ""
        let pages = services.pages.seen(by: context.currentUser, signInService: services.signInService)
        do {
            let offer = try await services.offers.offer().seen(by: context.currentUser)
            let mine = try await mine(cookie, context.currentUser)
            let form = CreateForm(options: services.options, offer: offer, user: cookie.user, machine: wanted)
            return .html(pages.form(form, offer: offer, mine: mine, nonce: SessionCreator.newNonce()))
        } catch {
            guard error.code == .unavailable, let offer = services.offers.remembered()?.seen(by: context.currentUser)
            else { throw error }
            let form = CreateForm(options: services.options, offer: offer, user: cookie.user, machine: wanted)
            var response = Response.html(
                pages.form(form, offer: offer, nonce: SessionCreator.newNonce()), status: .serviceUnavailable)
            response.headers[.retryAfter] = ErrorMiddleware.retrySeconds
            return response
        }
    }

    /// The sessions that come first: those of the person who is signed in, or of this browser where nobody signs in.
    private func mine(_ cookie: BrowserCookie, _ currentUser: CurrentUser) async throws(QueueError) -> [Session] {
        if let login = currentUser.login { return try await services.queue.sessions(of: login.person.name) }
        if !currentUser.authenticationDisabled || cookie.sessions.isEmpty { return [] }
        return try await services.queue.sessions(cookie.sessions).filter { $0.state != .ended }
    }

    /// Creates, for somebody who is signed in; for others it signs them in by the same form first.
    private func create(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let fields = try await request.formFields(upTo: services.longestBody(context.currentUser))
        guard let signIn, context.currentUser.login == nil else {
            return try await sessionCreator.create(fields, request, context)
        }
        let user = fields.text("user")
        guard !user.isEmpty else {
            return try await sessionCreator.refused(
                request, context, fields,
                .problems([.init(field: .user, message: services.pages.texts("problem.user.missing"))]),
                status: .unauthorized)
        }
        let form = fields.encoded(without: ["user", "password", "csrf"])
        let answer = try await signIn.signInService.signIn(
            user: user, password: Secret(fields.text("password")), form: form, from: context.currentUser.address)
        if case .refused = answer, !request.wantsJSON {
            try await signIn.noteWrongPassword(of: user, context)
            return try await sessionCreator.refused(
                request, context, fields,
                .problems([.init(field: .user, message: services.pages.texts("problem.user.refused"))]),
                status: .unauthorized)
        }
        return try await signIn.respond(to: answer, user: user, then: "", request, context) { withCookie in
            guard case .signedIn(_, let token) = answer else { return Response(status: .unauthorized) }
            var context = context
            try await context.currentUser.enter(by: token, at: signIn.signInService)
            return try await withCookie(try await sessionCreator.create(fields, request, context))
        }
    }
}
