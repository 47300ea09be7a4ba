import Domain
import HTTPTypes
import Hummingbird
import Logins
import Queue

/// A person's own sessions; and for administrators, and where nobody signs in, all sessions and hosts.
struct ManageRoutes: Sendable {
    let services: FrontendServices

    func add(to router: Router<FrontendContext>) {
        router.get("/manage") { request, context in try await show(request, context) }
        router.get("/manage/events") { request, context in try events(request, context) }
        router.get("/admin/events") { request, context in try await allEvents(request, context) }
        router.get("/admin") { request, context in try await showAll(request, context) }
        router.get("/admin/stop-all") { request, context in
            try services.requireSignIn(context, for: request)
            return Response.redirect(to: services.pages.address.base + "/admin")
        }
        router.post("/admin/stop-all") { request, context in try await stopAll(request, context) }
        router.get("/admin/audit") { request, context in try await audit(request, context) }
    }

    private func show(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let login = context.currentUser.login else {
            try services.requireSignIn(context, for: request)
            return try await all(request, context)
        }
        // Asked for before the rows, so that the stream begins with whatever came after this.
        let after = services.hub.position ?? .zero
        let page = try await services.rows.rows(of: login.person.name, page: Self.page(of: request))
        let ended = try await services.queue.ended(of: login.person.name, limit: 10)
        let pages = services.pages.seen(by: context.currentUser, signInService: services.signInService)
        let overview = Overview(page: page, states: [:], ended: ended, hosts: nil, after: after)
        return .packedHTML(pages.manage(overview), for: request)
    }

    private static func page(of request: Request) -> Int {
        request.uri.queryParameters["page"].flatMap { MemoryText.number(String($0), digits: 6) }.map { max(1, $0) } ?? 1
    }

    private func showAll(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await services.requireAdmin(context, for: request)
        return try await all(request, context)
    }

    private func all(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let after = services.hub.position ?? .zero
        async let page = services.rows.rows(page: Self.page(of: request))
        async let states = services.queue.stateCounts()
        async let ended = services.queue.sessions(.ended, limit: 10)
        async let hosts = services.hosts.value()
        var overview = Overview(
            page: try await page, states: try await states, ended: try await ended, hosts: try await hosts,
            cookie: BrowserCookie(request: request), after: after)
        overview.isAdministration = context.currentUser.isAdmin
        return .packedHTML(
            services.pages.seen(by: context.currentUser, signInService: services.signInService).manage(overview),
            for: request)
    }

    private func stopAll(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await services.requireAdmin(context, for: request)
        let fields = try await request.formFields()
        guard fields.text("sure") == "yes" else { throw FrontendError(code: .notSure) }
        let sessions = try await services.queue.revisions().list.map(\.session)
        // Before the first one: nobody stops anything that is not recorded.
        try await services.note(.admin, context, what: "", detail: "stopped all \(sessions.count) sessions")
        for session in sessions { try await services.queue.stop(session, reason: .admin) }
        if request.wantsJSON {
            return try .json(["stopping": sessions.count])
        }
        return .redirect(to: "\(services.pages.address.base)/admin")
    }

    private func audit(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await services.requireAdmin(context, for: request)
        let entries = try await services.queue.audit(limit: 500)
        return .html(services.pages.seen(by: context.currentUser, signInService: services.signInService).audit(entries))
    }

    /// The rows of the page as they change. Where nobody signs in, all of them.
    private func events(_ request: Request, _ context: FrontendContext) throws -> Response {
        if context.currentUser.login == nil { try services.requireSignIn(context, for: request) }
        return try rows(of: context.currentUser.login?.person.name, request, context)
    }

    private func allEvents(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await services.requireAdmin(context, for: request)
        return try rows(of: nil, request, context)
    }

    private func rows(of owner: PersonName?, _ request: Request, _ context: FrontendContext) throws -> Response {
        try Response.eventStream(
            request, context, services, of: .rows(of: owner), about: owner == nil ? .everything : .own,
            from: RowStream(services: services, owner: owner, request: request))
    }
}
