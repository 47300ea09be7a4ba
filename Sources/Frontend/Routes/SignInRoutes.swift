import Domain
import HTTPTypes
import Hummingbird
import Logging
import Logins
import Queue

/// Signing in and out, the code in between, and what a person has here.
struct SignInRoutes: Sendable {
    static let challengeCookie = "qwd-challenge"

    let services: FrontendServices
    let signInService: SignInService
    let sessionCreator: SessionCreator

    func add(to router: Router<FrontendContext>) {
        router.get("/sign-in") { request, context in show(request, context) }
        router.post("/sign-in") { request, context in try await signIn(request, context) }
        router.get("/sign-in/code") { request, context in try await showCode(request, context) }
        router.post("/sign-in/code") { request, context in
            try await takeCode(try await request.formFields(), request, context)
        }
        router.post("/sign-out") { request, context in try await signOut(request, context, everywhere: false) }
        router.post("/sign-out/everywhere") { request, context in try await signOut(request, context, everywhere: true)
        }
        // Addresses of forms, which somebody may load again.
        for page in ["/sign-out", "/sign-out/everywhere"] {
            router.get(RouterPath(page)) { request, context in
                try services.requireSignIn(context, for: request)
                return Response.redirect(to: services.pages.address.base + "/account")
            }
        }
        router.get("/account") { request, context in try await account(request, context) }
    }

    private func pages(_ context: FrontendContext) -> Pages {
        services.pages.seen(by: context.currentUser, signInService: signInService)
    }

    private func show(_ request: Request, _ context: FrontendContext) -> Response {
        if context.currentUser.login != nil { return .redirect(to: services.pages.address.base + "/") }
        return .html(pages(context).signIn(then: Self.path(request.uri.queryParameters["then"].map(String.init))))
    }

    private func signIn(_ request: Request, _ context: FrontendContext) async throws -> Response {
        let fields = try await request.formFields()
        // A program may send the code where it sent the password.
        if !fields.text("code").isEmpty { return try await takeCode(fields, request, context) }
        let user = fields.text("user")
        let answer = try await signInService.signIn(
            user: user, password: Secret(fields.text("password")), form: "", from: context.currentUser.address)
        return try await respond(to: answer, user: user, then: fields.text("then"), request, context) { login in
            var response = try await login(nil)
            if !request.wantsJSON {
                response.headers[.location] = services.pages.address.base + (Self.path(fields.text("then")) ?? "/")
            }
            return response
        }
    }

    /// What follows from an attempt to sign in, here and with the form of a new session.
    /// - Parameter proceed: Goes on with somebody who is in; called with what makes the response carry the cookie.
    func respond(
        to answer: SignInService.Answer, user: String, then: String = "", _ request: Request,
        _ context: FrontendContext,
        proceed: ((Response?) async throws -> Response) async throws -> Response
    ) async throws -> Response {
        switch answer {
        case .signedIn(let person, let token):
            try await services.note(.signIn, context, who: person.name.text, detail: person.method)
            return try await proceed { response in
                var response = try response ?? self.welcome(person, request)
                response.setCookie(self.loginCookie(token, context))
                return response
            }
        case .codeWanted(let challenge, let token):
            return try await askForCode(challenge, token, then: then, request, context)
        case .refused:
            try await noteWrongPassword(of: user, context)
            return try refusal(.signInRefused, user: user, then: then, request, context)
        case .undecided:
            try await services.noteRefusal("no sign-in server answers", context, who: user)
            return try refusal(.signInUndecided, user: user, then: then, request, context)
        case .misconfigured:
            try await services.noteRefusal("sign-in is set up wrong", context, who: user)
            return try refusal(.signInMisconfigured, user: user, then: then, request, context)
        case .noAddress:
            try await services.noteRefusal("no address to mail a code to", context, who: user)
            return try refusal(.signInWithoutAddress, user: user, then: then, request, context)
        case .tooManyTries(let wait): return try tooManyTries(wait, user: user, then: then, request, context)
        }
    }

    func noteWrongPassword(of user: String, _ context: FrontendContext) async throws {
        try await services.noteRefusal("wrong name or password", context, who: user)
    }

    private func tooManyTries(
        _ wait: Duration, user: String, then: String, _ request: Request, _ context: FrontendContext
    ) throws -> Response {
        let seconds = Int(wait.components.seconds) + 1
        var response = try refusal(
            FrontendError(code: .tooManyTries, detail: services.pages.texts("sign-in.wait", ["seconds": "\(seconds)"])),
            user: user, then: then, request, context)
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }

    private func refusal(
        _ error: FrontendError, user: String, then: String, _ request: Request, _ context: FrontendContext
    ) throws -> Response {
        if request.wantsJSON { return try .json(services.pages.errorJSON(error, id: context.id), status: error.status) }
        return .html(
            pages(context).signIn(user: user, problem: error, then: Self.path(then)), status: error.status)
    }

    private func welcome(_ person: Person, _ request: Request, then: String? = nil) throws -> Response {
        guard request.wantsJSON else { return .redirect(to: services.pages.address.base + (then ?? "/")) }
        return try .json(["user": person.name.text])
    }

    // MARK: The code

    /// Sends somebody to the page that asks for a code.
    private func askForCode(
        _ challenge: Challenge, _ token: Secret, then: String, _ request: Request, _ context: FrontendContext
    ) async throws -> Response {
        try await services.note(
            .secondFactor, context, who: challenge.person.name.text, detail: "\(challenge.kind.rawValue) wanted")
        var response: Response
        if request.wantsJSON {
            response = try .json(["code_wanted": challenge.kind.rawValue], status: .accepted)
        } else {
            let after = Self.path(then).map { "?then=\(Pages.encode($0))" } ?? ""
            response = .redirect(to: "\(services.pages.address.base)/sign-in/code\(after)")
        }
        response.setCookie(challengeCookie(token.revealed, context, seconds: 600))
        return response
    }

    private func showCode(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let token = request.cookies[Self.challengeCookie]?.value,
            let challenge = try await signInService.logins.challenge(token: Secret(token))
        else {
            // A link from a mail may be opened in another browser; what it needs stands behind its `#`.
            return .html(pages(context).code(nil, signInService: signInService))
        }
        let then = Self.path(request.uri.queryParameters["then"].map(String.init))
        return .html(pages(context).code(challenge, signInService: signInService, then: then))
    }

    private func takeCode(
        _ fields: FormFields, _ request: Request, _ context: FrontendContext
    ) async throws -> Response {
        let carried = fields.text("token")
        let then = fields.text("then")
        guard let token = carried.isEmpty ? request.cookies[Self.challengeCookie]?.value : carried else {
            return try refusal(.signInOver, user: "", then: then, request, context)
        }
        switch try await signInService.answer(
            fields.text("code"), token: Secret(token), from: context.currentUser.address)
        {
        case .signedIn(let challenge, let login, let recoveryCodes):
            let person = challenge.person
            try await services.note(.signIn, context, who: person.name.text, detail: challenge.kind.rawValue)
            var context = context
            try await context.currentUser.enter(by: login, at: signInService)
            var response =
                challenge.form.isEmpty
                ? try welcome(person, request, then: Self.path(then))
                : try await sessionCreator.create(
                    try FormFields(body: Array(challenge.form.utf8), contentType: nil), request, context)
            if !recoveryCodes.isEmpty {
                let next = response.headers[.location] ?? services.pages.address.base + "/"
                response = .html(pages(context).recoveryCodes(recoveryCodes, next: next))
            }
            response.setCookie(loginCookie(login, context))
            response.setCookie(challengeCookie("", context, seconds: 0))
            return response
        case .codeWanted(let challenge, let token):
            return try await askForCode(challenge, token, then: then, request, context)
        case .wrong(let challenge):
            try await services.noteRefusal("wrong code", context, who: challenge.person.name.text)
            if request.wantsJSON {
                return try .json(
                    services.pages.errorJSON(.wrongCode, id: context.id), status: FrontendError.wrongCode.status)
            }
            return .html(
                pages(context).code(
                    challenge, signInService: signInService, isWrong: true, then: Self.path(then)),
                status: FrontendError.wrongCode.status)
        case .tooManyTries(let wait): return try tooManyTries(wait, user: "", then: then, request, context)
        case .over:
            var response = try refusal(.signInOver, user: "", then: then, request, context)
            response.setCookie(challengeCookie("", context, seconds: 0))
            return response
        }
    }

    // MARK: Signed in

    private func signOut(
        _ request: Request, _ context: FrontendContext, everywhere: Bool
    ) async throws -> Response {
        if let login = context.currentUser.login {
            if everywhere {
                try await signInService.logins.closeAll(of: login.person.name)
            } else {
                try await signInService.logins.close(login)
            }
            try await services.queue.loginsEnded(of: StreamPermit.mark(of: login))
            try await services.note(
                .signOut, context, who: login.person.name.text, detail: everywhere ? "everywhere" : "")
        }
        var response =
            request.wantsJSON ? try Response.json([String: String]()) : .redirect(to: services.pages.address.base + "/")
        response.setCookie(
            services.pages.address.cookie(
                AuthenticationMiddleware.loginCookie, "", secure: context.currentUser.isSecure, seconds: 0))
        return response
    }

    private func account(_ request: Request, _ context: FrontendContext) async throws -> Response {
        guard let login = context.currentUser.login else {
            throw FrontendError(code: .signInNeeded, detail: "/account")
        }
        let logins = try await signInService.logins.logins(of: login.person.name)
        let factor = try await signInService.logins.secondFactor(of: login.person.name)
        if request.wantsJSON {
            return try .json(
                AccountAnswer(
                    user: login.person.name.text, email: login.person.email,
                    administrator: context.currentUser.isAdmin ? "yes" : "no", logins: logins.count,
                    recoveryCodesLeft: factor?.recoveryCodesLeft, csrf: context.currentUser.formToken))
        }
        return .html(pages(context).account(login, logins: logins, secondFactor: factor))
    }

    private func loginCookie(_ token: Secret, _ context: FrontendContext) -> Cookie {
        services.pages.address.cookie(
            AuthenticationMiddleware.loginCookie, token.revealed, secure: context.currentUser.isSecure)
    }

    private func challengeCookie(_ token: String, _ context: FrontendContext, seconds: Int) -> Cookie {
        services.pages.address.cookie(
            Self.challengeCookie, token, secure: context.currentUser.isSecure, seconds: seconds)
    }

    /// A path of ours to go to afterwards; nothing else may lead anybody anywhere.
    private static func path(_ text: String?) -> String? {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count < 200,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return text
    }
}

extension Request {
    /// The fields of a posted form.
    func formFields(upTo longest: Int = FrontendContext.longestBody) async throws -> FormFields {
        let body = try await body.collect(upTo: longest)
        return try FormFields(body: Array(body.readableBytesView), contentType: headers[.contentType])
    }
}

extension FormFields {
    /// The text of a field, empty for none, for more than one, and for one that can't be read.
    func text(_ name: String) -> String {
        guard self[name].count == 1, case .text(let text) = self[name][0] else { return "" }
        return text
    }

    /// The fields as a browser sends them, without some.
    func encoded(without names: Set<String>) -> String {
        values.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }.flatMap { name, values in
            values.compactMap { value in
                guard case .text(let text) = value else { return nil }
                return Pages.encode(name) + "=" + Pages.encode(text)
            }
        }.joined(separator: "&")
    }
}

/// An account, as programs read it.
private struct AccountAnswer: Encodable, Sendable {
    var user: String
    @Nullable var email: String?
    /// `yes` or `no`.
    var administrator: String
    var logins: Int
    @Nullable var recoveryCodesLeft: Int?
    var csrf: String

    private enum CodingKeys: String, CodingKey {
        case user, email, administrator, logins, csrf
        case recoveryCodesLeft = "recovery_codes_left"
    }
}
