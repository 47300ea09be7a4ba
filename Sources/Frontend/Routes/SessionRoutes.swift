import Domain
import HTTPTypes
import Hummingbird
import Logging
import Queue

/// A session's page, its state as JSON, and what can be done with it.
struct SessionRoutes: Sendable {
    let services: FrontendServices

    func add(to router: Router<FrontendContext>) {
        router.get("/sessions/:sid") { request, context in try await show(request, context) }
        router.get("/sessions/:sid/status") { request, context in try await status(request, context) }
        router.get("/sessions/:sid/connect") { request, context in try await connect(request, context) }
        router.get("/sessions/:sid/events") { request, context in try await events(request, context) }
        router.post("/sessions/:sid/stop") { request, context in try await stop(request, context) }
        // Addresses of forms, which somebody may load again.
        for page in ["stop", "extend"] {
            router.get("/sessions/:sid/\(page)") { request, context in
                Response.redirect(to: services.pages.path(of: try await find(request, context).id))
            }
        }
        router.post("/sessions/:sid/extend") { request, context in try await extend(request, context) }
    }

    /// The session of the address, for somebody who may use it. Others are told that there is none.
    private func find(_ request: Request, _ context: FrontendContext) async throws -> Session {
        try services.requireSignIn(context, for: request)
        guard let id = context.parameters.get("sid").flatMap({ SessionID($0) }),
            let session = try await services.queue.session(id)
        else { throw FrontendError.noSession }
        guard context.currentUser.mayUse(session, services.secret) else {
            try await services.noteRefusal("not theirs", context, what: session.id.text)
            throw FrontendError.noSession
        }
        return session
    }

    private func show(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let session = try await find(request, context)
        if request.wantsJSON { return try await statusResponse(session, request, context) }
        // Read anew together with its events: one that is older than they are would be shown for ever, because the page hears
        // only of what comes after them.
        guard let (session, events) = try await services.queue.history(of: session.id) else {
            throw FrontendError.noSession
        }
        var report = SessionReport(
            session: session,
            connectURL: services.connectURL(of: session, for: request, secure: context.currentUser.isSecure),
            now: FrontendServices.now())
        report.displayOnlyOn = services.onlyHostOfDisplay(session, for: request)
        report.times = StepTimes(events)
        report.lastEvent = events.last?.place ?? .zero
        if session.state == .queued {
            report.position = try await services.place(of: session)
            report.wait = try await services.wait(of: session.request)
        }
        let hosts = try await services.hosts(with: session)
        report.files = services.files(of: session, hosts: hosts)
        var response = Response.html(
            services.pages.seen(by: context.currentUser, signInService: services.signInService).session(report))
        response.headers[.contentSecurityPolicy] = SecurityHeaders.policy(toDisplaysOf: hosts)
        return response
    }

    private func status(_ request: Request, _ context: FrontendContext) async throws -> Response {
        try await statusResponse(try await find(request, context), request, context)
    }

    private func statusResponse(
        _ session: Session, _ request: Request, _ context: FrontendContext
    ) async throws -> Response {
        let position = try await services.place(of: session)
        let link = services.connectURL(of: session, for: request, secure: context.currentUser.isSecure)
        return try .json(SessionAnswer(session, position: position, connectURL: link))
    }

    /// Leads to the desktop, so that lists need not show a link to each. Leads to the session's page while there is none.
    private func connect(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let session = try await find(request, context)
        if session.isOpen { try await services.note(.openDisplay, context, what: session.id.text) }
        let isOpen = services.displayURL(of: session) != nil
        let page = services.pages.path(of: session.id)
        var response = Response.redirect(to: isOpen ? "\(page)/display#\(services.token(of: session))" : page)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func events(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let session = try await find(request, context)
        let after = EventID.last(of: request)
        // A browser comes back after the end of a stream. This is how to tell it that there is nothing to come.
        if session.state == .ended, let after,
            try await services.queue.events(of: session.id, after: after.description).isEmpty
        {
            return Response(status: .noContent)
        }
        return try stream(of: session, after: after ?? .zero, request, context)
    }

    private func stream(
        of session: Session, after: EventID, _ request: Request, _ context: FrontendContext
    ) throws -> Response {
        let pages = services.pages.seen(by: context.currentUser, signInService: services.signInService)
        return try Response.eventStream(
            request, context, services, of: .session(session.id), about: .session(session),
            from: SessionStream(services: services, pages: pages, session: session, after: after))
    }

    private func stop(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let session = try await find(request, context)
        let list = request.uri.queryParameters["from"].map(String.init)
        let back =
            list == "manage" || list == "admin"
            ? "\(services.pages.address.base)/\(list ?? "")" : services.pages.path(of: session.id)
        // One slip would discard somebody's work: who has not said that it is meant is asked. Programs mean it.
        let fields = try await request.formFields()
        let isPage = request.headers[.accept]?.contains("text/html") == true
        if isPage, !request.wantsJSON, fields.text("sure").isEmpty, [.running, .lost].contains(session.state) {
            let pages = services.pages.seen(by: context.currentUser, signInService: services.signInService)
            return .html(pages.stop(session, from: list, back: back))
        }
        let isOwner = context.currentUser.authenticationDisabled || context.currentUser.owns(session, services.secret)
        let deed = Deed(
            isOwner ? .stop : .admin, who: FrontendServices.recordable(context.currentUser.name),
            from: context.currentUser.address,
            detail: isOwner ? "" : "stopped")
        guard let state = try await services.queue.stop(session.id, reason: isOwner ? .stopped : .admin, by: deed)
        else {
            throw FrontendError.noSession
        }
        services.log(deed.act, context, what: session.id.text, detail: deed.detail)
        context.logger.notice("Stop requested", metadata: ["session.id": "\(session.id)"])
        if request.wantsJSON {
            return try .json(["id": session.id.text, "state": state.rawValue])
        }
        return .redirect(to: back)
    }

    private func extend(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let session = try await find(request, context)
        let seen = try Self.seen(try await request.formFields())
        guard session.state == .running, !session.stopRequested else { throw FrontendError(code: .notRunning) }
        // Without anything left to give this changes nothing, and the page shows what there is.
        let seconds = services.pages.longestExtension(of: session) ?? 0
        let end = try await services.queue.extend(
            session.id, seconds: seconds, limits: services.options.limits, seen: seen,
            by: Deed(
                .extend, who: FrontendServices.recordable(context.currentUser.name), from: context.currentUser.address))
        services.log(.extend, context, what: session.id.text)
        if request.wantsJSON {
            return try .json(
                ["id": session.id.text, "expires_at": end.flatMap { $0 == 0 ? nil : TimeText.rfc3339($0) }])
        }
        return .redirect(to: services.pages.path(of: session.id))
    }

    /// The end that the page showed when its button was pressed, so that a double click or a reload prolongs once.
    /// - Returns: Nil for a program that does not say.
    private static func seen(_ fields: FormFields) throws(FrontendError) -> Int64? {
        if fields["seen"].isEmpty { return nil }
        guard let end = MemoryText.number(fields.text("seen"), digits: 18) else {
            throw .badBody("seen must be a whole number of milliseconds")
        }
        return Int64(end)
    }
}

/// A session's state, as programs read it.
private struct SessionAnswer: Encodable, Sendable {
    var id: String
    var state: String
    @Nullable var step: String?
    /// In the queue; 1 is next.
    @Nullable var position: Int?
    @Nullable var reason: String?
    @Nullable var detail: String?
    var machine: String
    var cpu: Int
    var memoryMiB: Int
    @Nullable var host: String?
    var createdAt: String
    @Nullable var startedAt: String?
    @Nullable var expiresAt: String?
    @Nullable var connectURL: String?

    private enum CodingKeys: String, CodingKey {
        case id, state, step, position, reason, detail, machine, cpu, host
        case memoryMiB = "memory_mib"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case expiresAt = "expires_at"
        case connectURL = "connect_url"
    }

    init(_ session: Session, position: Int?, connectURL: String?) {
        id = session.id.text
        state = session.state.rawValue
        step = session.step?.rawValue
        self.position = position
        reason = session.reason?.rawValue
        detail = session.detail
        machine = session.request.machine
        cpu = session.request.cpu
        memoryMiB = session.request.memoryMiB
        host = session.hostName
        createdAt = TimeText.rfc3339(session.createdAt)
        startedAt = session.startedAt.map(TimeText.rfc3339)
        expiresAt = session.expiresAt.map(TimeText.rfc3339)
        self.connectURL = connectURL
    }
}
