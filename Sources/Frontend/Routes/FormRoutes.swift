import Domain
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Queue

/// The form, and what becomes of it.
struct FormRoutes: Sendable {
    let site: Site

    func add(to router: Router<FrontendContext>) {
        router.get("/") { request, context in try await show(request, context) }
        router.post("/sessions") { request, context in try await create(request, context) }
    }

    /// Only shows. No parameter of the query creates anything; `machine` chooses one in advance.
    private func show(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let cookie = BrowserCookie(request: request)
        let wanted = request.uri.queryParameters["machine"].map(String.init) ?? ""
        do {
            let offer = try await site.shelf.offer()
            let mine = cookie.sessions.isEmpty ? [] : try await site.queue.sessions(cookie.sessions)
            let form = CreateForm(options: site.options, offer: offer, user: cookie.user, machine: wanted)
            let page = site.pages.form(
                form, offer: offer, mine: mine.filter { $0.state != .ended }, nonce: Self.newNonce())
            return .html(page)
        } catch {
            guard error.code == .unavailable, let offer = site.shelf.remembered() else { throw error }
            let form = CreateForm(options: site.options, offer: offer, user: cookie.user, machine: wanted)
            var response = Response.html(
                site.pages.form(form, offer: offer, nonce: Self.newNonce()), status: .serviceUnavailable)
            response.headers[.retryAfter] = Explanations.retrySeconds
            return response
        }
    }

    private func create(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let body = try await request.body.collect(upTo: FrontendContext.longestBody)
        let fields = try FormFields(body: Array(body.readableBytesView), contentType: request.headers[.contentType])
        let asked = CreateForm(fields: fields).machine
        let offer = try await site.shelf.offer(of: asked.isEmpty ? site.options.defaultMachine : asked)
        do {
            let order = try CreateRequest(fields: fields, offer: offer, options: site.options, texts: site.pages.texts)
            let now = Site.now()
            let enqueued = try await site.queue.enqueue(
                order.request, once: order.nonce.map { "form:\($0)" }, limits: site.options.limits,
                id: SessionID(milliseconds: now), job: JobID(milliseconds: now))
            context.logger.notice(
                "Session requested",
                metadata: ["session.id": "\(enqueued.session)", "session.new": "\(enqueued.isNew)"])
            return created(enqueued.session, request, user: order.request.owner)
        } catch let error as CreateRequest.Problems {
            return try await refused(request, fields, .problems(error.list), status: .unprocessableContent)
        } catch let error as QueueError {
            switch error.code {
            case .limit(let limit):
                return try await refused(request, fields, .refusal(limit.description), status: .tooManyRequests)
            case .tooBig(let resource, _):
                let field: CreateForm.Field = resource == .cpu ? .cpu : .memory
                return try await refused(
                    request, fields, .problems([.init(field: field, message: error.detail)]),
                    status: .unprocessableContent)
            case .unavailable, .refused, .unexpected:
                throw error
            }
        }
    }

    private func created(_ session: SessionID, _ request: Request, user: String) -> Response {
        let address = site.pages.address
        let path = "/sessions/\(session)"
        var response: Response
        if request.wantsJSON {
            var object = JSONObject()
            object.add("id", session.text)
            object.add("url", address.url(path, for: request))
            response = .json(object, status: .created)
            response.headers[.location] = address.base + path
        } else {
            response = .redirect(to: address.base + path)
        }
        var cookie = BrowserCookie(request: request)
        cookie.remember(session, user: user == CreateRequest.guest ? "" : user)
        response.headers[.setCookie] = cookie.header(for: address)
        return response
    }

    /// The form again with what was typed, and with what is wrong with it.
    private func refused(
        _ request: Request, _ fields: FormFields, _ notice: Pages.FormNotice, status: HTTPResponse.Status
    ) async throws -> Response {
        if request.wantsJSON { return .json(Self.json(notice, pages: site.pages), status: status) }
        let page = site.pages.form(
            CreateForm(fields: fields), offer: try await site.shelf.offer(), notice: notice, nonce: Self.newNonce())
        return .html(page, status: status)
    }

    private static func json(_ notice: Pages.FormNotice, pages: Pages) -> JSONObject {
        var object = JSONObject()
        switch notice {
        case .problems(let problems):
            var fields = JSONObject()
            for problem in problems { fields.add(problem.field.rawValue, pages.sentence(problem)) }
            object.add("error", "bad-fields")
            object.add("fields", fields)
        case .refusal(let text):
            object.add("error", "limit")
            object.add("message", text)
        case .none:
            break
        }
        return object
    }

    /// 130 random bits.
    static func newNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        return String(
            decoding: (0..<26).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] }, as: UTF8.self)
    }
}
