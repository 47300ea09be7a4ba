import Domain
import HTTPTypes
import Hummingbird
import Queue

/// The viewer's page of a session, and what it asks while it is open.
///
/// Whoever has the link may open it: its token is what opens the display, and the browser keeps that to itself. So the page
/// says nothing of the session to who may not use it and shows no token.
struct DisplayRoutes: Sendable {
    let site: Site

    func add(to router: Router<FrontendContext>) {
        router.get("/sessions/:sid/display") { request, context in try await page(request, context) }
        router.get("/sessions/:sid/display/state") { request, context in try await state(request, context) }
    }

    private func session(_ context: FrontendContext) async throws -> (id: SessionID, session: Session?) {
        guard let id = context.parameters.get("sid").flatMap({ SessionID($0) }) else { throw FrontendError.noSession }
        return (id, try await site.queue.session(id))
    }

    private func page(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let (id, session) = try await session(context)
        let display = session.flatMap { site.displayURL(of: $0) }
        let isTheirs = session.map { context.visitor.mayUse($0) } ?? false
        var response = Response.html(
            site.pages.seen(by: context.visitor, desk: site.desk).display(
                of: id, machine: isTheirs ? session?.request.machine : nil, at: display, canShow: !site.noVNC.isMissing)
        )
        response.headers[.contentSecurityPolicy] = SecurityHeaders.policy(connect: display)
        return response
    }

    /// Whether the session still runs, for who has its token or may use it. Others are told that there is none.
    private func state(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let session = try await session(context).session else { throw FrontendError.noSession }
        let token = request.headers[.displayToken] ?? ""
        guard
            session.fence > 0 && ConstantTime.isEqual(token, site.token(of: session))
                || context.visitor.login != nil && context.visitor.mayUse(session)
        else { throw FrontendError.noSession }
        var object = JSONObject()
        object.add("state", session.isOpen ? "open" : session.state.rawValue)
        object.add("machine", session.request.machine)
        object.add("why", session.reason?.sentence)
        object.add("display", site.displayURL(of: session))
        return .json(object)
    }
}

extension Pages {
    /// - Parameters:
    ///   - machine: Nil for who may not know.
    ///   - display: The WebSocket of the display, while it can be opened.
    ///   - canShow: Whether there is a noVNC to load.
    func display(of id: SessionID, machine: String?, at display: String?, canShow: Bool) -> String {
        var model: Templates.Model = [
            "page": path(of: id), "state": "\(path(of: id))/display/state", "display": display ?? "",
            "machine": machine ?? texts("display.title"), "canShow": canShow,
        ]
        if machine != nil { model["isTheirs"] = true }
        return render("display", model)
    }
}
