import Domain
import HTTPTypes
import Hummingbird
import Logging
import Logins
import Queue
import Secrets

/// Makes a session of a posted form, for somebody who may have one.
struct SessionCreator: Sendable {
    let services: FrontendServices

    /// What was chosen: the same form with other choices, as after a step back, is another request.
    private func choices(_ order: CreateRequest) -> String {
        var words = order.request.record.filter { !["owner", "email", "groups"].contains($0.key) }
        // A mark of it: the text stands nowhere in clear.
        words["script"] = order.payload.isEmpty ? nil : services.secret.mark(order.payload.text.revealed, for: .script)
        return words.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
    }

    func create(_ fields: FormFields, _ request: Request, _ context: FrontendContext) async throws -> Response {
        let currentUser = context.currentUser
        let asked = CreateForm(fields: fields).machine
        let offer = try await services.offers.offer(of: asked.isEmpty ? services.options.defaultMachine : asked)
            .seen(by: currentUser)
        do {
            var order = try CreateRequest(
                fields: fields, offer: offer, options: services.options, texts: services.pages.texts,
                currentUser: currentUser)
            if let login = currentUser.login {
                order.request.owner = login.person.name
                order.request.isOwnerKnown = true
                order.request.email = services.hasMail ? login.person.email : nil
                if login.person.method == "email", services.signInService?.options.emailOneShot == true {
                    order.request.oneShot = true
                }
            }
            let owner = order.request.owner
            let now = FrontendServices.now()
            let id = SessionID(milliseconds: now)
            let enqueued = try await services.queue.enqueue(
                services.secret.sealed(order.request, for: id),
                once: order.nonce.map { "form:\(owner.text):\($0):\(choices(order))" },
                client: client(request, currentUser), from: currentUser.address,
                payload: order.payload.isEmpty
                    ? "" : services.secret.seal(order.payload.text, for: .script, beside: id.text),
                limits: services.options.limits, id: id, job: JobID(milliseconds: now))
            context.logger.notice(
                "Session requested",
                metadata: ["session.id": "\(enqueued.session)", "session.new": "\(enqueued.isNew)"])
            if enqueued.isNew {
                // The queue has noted it in the same step.
                services.log(
                    .create, context, who: owner.text, what: enqueued.session.text,
                    detail: order.request.machine)
            }
            return try created(enqueued.session, request, context, user: owner)
        } catch let error as CreateRequest.Problems {
            return try await refused(request, context, fields, .problems(error.list), status: .unprocessableContent)
        } catch let error as QueueError {
            switch error.code {
            case .limit(let limit):
                var response = try await refused(
                    request, context, fields, .refusal(services.pages.texts.sentences(for: limit)),
                    status: .tooManyRequests)
                response.headers[.retryAfter] = "\(limit.retryAfter.components.seconds + 1)"
                return response
            case .tooBig(let resource, let largest):
                let field: CreateForm.Field =
                    switch resource {
                    case .cpu: .cpu
                    case .memory: .memory
                    case .gpu: .gpu
                    // The form asks for no disk: it comes with the machine.
                    case .disk: .machine
                    }
                return try await refused(
                    request, context, fields,
                    .problems([
                        .init(
                            field: field, message: services.pages.texts.sentence(forMoreOf: resource, thanThe: largest))
                    ]),
                    status: .unprocessableContent)
            case .unavailable, .refused, .unexpected, .taken:
                throw error
            }
        }
    }

    /// Whom the limits count: who is signed in, else this browser. What it shows proves nothing, so a flood of new browsers
    /// is met by what is counted of their address.
    private func client(_ request: Request, _ currentUser: CurrentUser) -> LimitedClient {
        if let login = currentUser.login { return .person(login.person.name) }
        let address = ClientAddress(currentUser.address)?.throttleKey ?? "unknown"
        guard let cookie = request.cookies[AuthenticationMiddleware.formCookie]?.value, cookie.utf8.count == 43 else {
            return .address(address)
        }
        return .browser(digest: LoginToken.fingerprint(of: Secret(cookie)), address: address)
    }

    private func created(
        _ session: SessionID, _ request: Request, _ context: FrontendContext, user: PersonName
    ) throws -> Response {
        let address = services.pages.address
        let path = "/sessions/\(session)"
        var response: Response
        if request.wantsJSON {
            response = try .json(
                ["id": session.text, "url": address.url(path, for: request, secure: context.currentUser.isSecure)],
                status: .created)
            response.headers[.location] = address.base + path
        } else {
            response = .redirect(to: address.base + path)
        }
        var cookie = BrowserCookie(request: request)
        cookie.remember(session, user: context.currentUser.login != nil || user == CreateRequest.guest ? "" : user.text)
        response.setCookie(cookie.cookie(for: address, secure: context.currentUser.isSecure))
        return response
    }

    /// The form again with what was typed, and with what is wrong with it.
    func refused(
        _ request: Request, _ context: FrontendContext, _ fields: FormFields, _ notice: Pages.FormNotice,
        status: HTTPResponse.Status
    ) async throws -> Response {
        if request.wantsJSON { return try .json(RefusalAnswer(notice, pages: services.pages), status: status) }
        let page = services.pages.seen(by: context.currentUser, signInService: services.signInService).form(
            CreateForm(fields: fields), offer: try await services.offers.offer().seen(by: context.currentUser),
            notice: notice, nonce: Self.newNonce()
        )
        return .html(page, status: status)
    }

    /// 130 random bits.
    static func newNonce() -> String { Crockford32.random(26) }
}

/// Why a request was refused, as programs read it.
private struct RefusalAnswer: Encodable, Sendable {
    /// `bad-fields` or `limit`.
    var error: String?
    var message: String?
    /// What is wrong with each field.
    var fields: [String: String]?

    init(_ notice: Pages.FormNotice, pages: Pages) {
        switch notice {
        case .problems(let problems):
            error = "bad-fields"
            fields = Dictionary(
                problems.map { ($0.field.rawValue, pages.sentence($0)) }, uniquingKeysWith: { first, _ in first })
        case .refusal(let text):
            error = "limit"
            message = text
        case .none:
            break
        }
    }
}
