import Domain
import HTTPTypes
import Hummingbird
import Queue
import Secrets

/// The viewer's page of a session, and what it asks while it is open.
///
/// Whoever has the link may open it: its token is what opens the display, and the browser keeps that to itself. So the page is
/// the same whether there is such a session or not. Its script asks for the rest, with the token.
struct DisplayRoutes: Sendable {
    let services: FrontendServices

    func add(to router: Router<FrontendContext>) {
        router.get("/sessions/:sid/display") { request, context in try await page(request, context) }
        router.get("/sessions/:sid/display/state") { request, context in try await state(request, context) }
    }

    private func id(_ context: FrontendContext) throws(FrontendError) -> SessionID {
        guard let id = context.parameters.get("sid").flatMap({ SessionID($0) }) else { throw FrontendError.noSession }
        return id
    }

    private func page(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let page = services.pages.display(of: try id(context), canShow: !services.noVNC.isMissing)
        var response = Response.html(page)
        // Before anybody has shown a token.
        response.headers[.contentSecurityPolicy] = SecurityHeaders.policy(
            toDisplaysOf: try await services.hosts.value())
        return response
    }

    /// What became of the session and where its display is, for who has its token or may use it. Others are told that there
    /// is none.
    private func state(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let session = try await services.queue.session(id(context)) else { throw FrontendError.noSession }
        let token = request.headers[.displayToken] ?? ""
        guard
            session.fence > 0 && ConstantTime.isEqual(token, services.token(of: session))
                || context.currentUser.login != nil && context.currentUser.mayUse(session, services.secret)
        else { throw FrontendError.noSession }
        // Its host's address of now, which is what the page names; the session keeps that of its start.
        let host = try await services.hosts(with: session).first { $0.id == session.host }
        return try .json(
            DisplayAnswer(
                state: session.isOpen ? "open" : session.state.rawValue, machine: session.request.machineTitle,
                why: session.reason.map(services.pages.texts.sentence),
                display: session.isOpen ? host.flatMap { DisplayLink.webSocket(base: $0.status.displayURL) } : nil))
    }
}

/// What a display's page asks for.
private struct DisplayAnswer: Encodable, Sendable {
    /// `open`, or the session's state.
    var state: String
    var machine: String
    @Nullable var why: String?
    /// Where the display is reached.
    @Nullable var display: String?
}

extension Pages {
    /// - Parameter canShow: Whether there is a noVNC to load.
    func display(of id: SessionID, canShow: Bool) -> String {
        render("display", ["page": path(of: id), "state": "\(path(of: id))/display/state", "canShow": canShow])
    }
}
