import Domain
import HTTPTypes
import Hummingbird
import Queue

/// All sessions and hosts. While nobody signs in, everybody sees everything.
struct ManageRoutes: Sendable {
    let site: Site

    func add(to router: Router<FrontendContext>) {
        router.get("/manage") { request, _ in try await show(request) }
        router.get("/manage/events") { request, _ in events(request) }
    }

    private func show(_ request: Request) async throws -> Response {
        async let rows = site.rows.rows()
        async let states = site.queue.stateCounts()
        async let ended = site.queue.sessions(.ended, limit: 10)
        async let hosts = site.queue.hosts(lease: site.options.lease)
        let overview = Overview(
            rows: try await rows, states: try await states, ended: try await ended, hosts: try await hosts,
            cookie: BrowserCookie(request: request))
        return .html(site.pages.manage(overview))
    }

    /// One event whenever something has changed, at most one a second. The reader then gets the page again.
    private func events(_ request: Request) -> Response {
        Response.eventStream(request, wakes: site.hub.listen(to: .all)) { subscription, write in
            try await write("retry: 2000\n\n")
            for await _ in subscription.wakes { try await write("event: status\ndata: {}\n\n") }
        }
    }
}
