import Logins
import Domain
import HTTPTypes
import Hummingbird
import Queue

/// A person's own sessions; and for administrators, and where nobody signs in, all sessions and hosts.
struct ManageRoutes: Sendable {
    let site: Site

    func add(to router: Router<FrontendContext>) {
        router.get("/manage") { request, context in try await show(request, context) }
        router.get("/manage/events") { request, context in try events(request, context) }
        router.get("/admin/events") { request, context in try await allEvents(request, context) }
        router.get("/admin") { request, context in try await showAll(request, context) }
        router.post("/admin/stop-all") { request, context in try await stopAll(request, context) }
        router.get("/admin/audit") { request, context in try await audit(request, context) }
    }

    private func show(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let login = context.visitor.login else {
            try site.requireSignIn(context, for: request)
            return try await all(request, context)
        }
        // Asked for before the rows, so that the stream begins with whatever came after this.
        let after = site.hub.position ?? .zero
        let rows = try await site.rows.rows(of: login.person.name)
        let ended = try await site.queue.ended(of: login.person.name, limit: 10)
        let pages = site.pages.seen(by: context.visitor, desk: site.desk)
        let overview = Overview(rows: rows, states: [:], ended: ended, hosts: nil, after: after)
        return .packedHTML(pages.manage(overview), for: request)
    }

    private func showAll(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await site.requireAdmin(context, for: request)
        return try await all(request, context)
    }

    private func all(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let after = site.hub.position ?? .zero
        async let rows = site.rows.rows()
        async let states = site.queue.stateCounts()
        async let ended = site.queue.sessions(.ended, limit: 10)
        async let hosts = site.hosts.value()
        var overview = Overview(
            rows: try await rows, states: try await states, ended: try await ended, hosts: try await hosts,
            cookie: BrowserCookie(request: request), after: after)
        overview.isAdministration = context.visitor.isAdmin
        return .packedHTML(site.pages.seen(by: context.visitor, desk: site.desk).manage(overview), for: request)
    }

    private func stopAll(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await site.requireAdmin(context, for: request)
        let fields = try await request.formFields()
        guard fields.text("sure") == "yes" else { throw FrontendError(code: .notSure) }
        let sessions = try await site.queue.revisions().map(\.session)
        // Before the first one: nobody stops anything that is not recorded.
        try await site.note(.admin, context, what: "", detail: "stopped all \(sessions.count) sessions")
        for session in sessions { try await site.queue.stop(session, reason: .admin) }
        if request.wantsJSON {
            var object = JSONObject()
            object.add("stopping", sessions.count)
            return .json(object)
        }
        return .redirect(to: "\(site.pages.address.base)/admin")
    }

    private func audit(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await site.requireAdmin(context, for: request)
        let entries = try await site.queue.audit(limit: 500)
        return .html(site.pages.seen(by: context.visitor, desk: site.desk).audit(entries))
    }

    /// The rows of the page as they change. Where nobody signs in, all of them.
    private func events(_ request: Request, _ context: FrontendContext) throws -> Response {
        guard let login = context.visitor.login else {
            try site.requireSignIn(context, for: request)
            return try RowStream(site: site, owner: nil).response(to: request, context)
        }
        return try RowStream(site: site, owner: login.person.name).response(to: request, context)
    }

    private func allEvents(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await site.requireAdmin(context, for: request)
        return try RowStream(site: site, owner: nil).response(to: request, context)
    }
}
