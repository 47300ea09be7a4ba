import Accounts
import Domain
@testable import Frontend
import Hummingbird
import Logins
import Queue
import Secrets
import Testing

/// Every route is asked by strangers, by the router's own list: a new one is among them.
@Suite(.timeLimit(.minutes(1)))
struct ClosedDoorTests {
    private static let options = SignInOptions(admins: ["root"])

    /// What strangers get an answer to, and the answer.
    private static let open: [String: Int] = [
        "GET /": 200, "GET /sign-in": 200, "GET /sign-in/code": 200, "POST /sign-in": 401, "POST /sign-in/code": 401,
        "POST /sign-out": 303, "POST /sign-out/everywhere": 303, "GET /healthz": 200, "GET /readyz": 200,
        "GET /metrics": 200, "GET /assets/{name}": 200, "GET /novnc/{version}/**": 404,
        "GET /sessions/{sid}/display": 200,
    ]

    private func routes(of site: TestSite) throws -> [(method: String, path: String)] {
        let dependencies = SignInDependencies(
            chain: SignInChain(methods: [KnownPeople()]),
            logins: LoginStore(redis: site.queue.redis, idle: .seconds(600), absolute: .seconds(6000)),
            options: Self.options)
        let same = try FrontendServices(
            queue: site.queue, secret: site.secret, options: site.options, dependencies: dependencies, hasMail: false,
            logger: site.log.logger)
        return Frontend.router(for: same).routes.map { route in
            let words = "\(route)".split(separator: " ").map(String.init)
            return (words[0], words[1])
        }
    }

    /// A session of alice's that runs.
    private func running(_ site: TestSite) async throws -> SessionID {
        try await site.hostUp()
        let alice = Browser(site)
        _ = try await alice.signIn("alice")
        try await alice.get("/")
        let place = try await alice.post("/sessions", [("machine", "grub")]).headers["location"] ?? ""
        try await site.advance(to: .running)
        return try #require(SessionID(place.dropFirst("/sessions/".count)))
    }

    @Test func `of a currentUser nothing is known, and so they may do nothing`() throws {
        let currentUser = CurrentUser()
        #expect(
            currentUser.login == nil && !currentUser.isAdmin && !currentUser.authenticationDisabled
                && currentUser.name == "")
        for owner in ["alice", ""] {
            let session = Session(
                id: SessionID(milliseconds: 1), state: .running,
                request: SessionRequest(
                    owner: PersonName(recorded: owner), machine: "", resources: Resources(), lifetimeSeconds: 0,
                    oneShot: false))
            let secret = ServiceSecret(bytes: [1])
            #expect(!currentUser.owns(session, secret) && !currentUser.mayUse(session, secret))
        }
    }

    @Test(arguments: ["text/html", "application/json"])
    func `every route wants a login, but for those that are named here`(accept: String) async throws {
        try await withSite(signIn: Self.options) { site in
            let session = try await running(site)
            let routes = try routes(of: site)
            let known = Set(routes.map { "\($0.method) \($0.path)" })
            #expect(Set(Self.open.keys).isSubset(of: known), "\(Set(Self.open.keys).subtracting(known)) is no route")
            #expect(routes.count > 25)
            for path in Set(routes.map(\.path)).sorted() {
                for method in ["GET", "POST", "HEAD", "PUT", "DELETE"] {
                    let target = path.replacing("{sid}", with: session.text).replacing("{name}", with: "style.css")
                        .replacing("{version}", with: "1").replacing("**", with: "rfb.js")
                    let reply = try await site.http.send(method, target, headers: [("Accept", accept)])
                    let words = "\(method) \(path): \(reply.status)"
                    #expect(!reply.body.contains("alice"), "\(words)")
                    if let wanted = Self.open["\(method == "HEAD" ? "GET" : method) \(path)"] {
                        #expect(reply.status == wanted || accept != "text/html" && reply.status < 500, "\(words)")
                    } else if reply.status == 303 {
                        #expect(reply.headers["location"]?.hasPrefix("/sign-in") == true, "\(words)")
                    } else {
                        #expect([401, 404].contains(reply.status), "\(words)")
                    }
                }
            }
            let left = try await site.queue.sessions()
            #expect(left.map(\.id) == [session] && left.allSatisfy { $0.state == .running && !$0.stopRequested })
        }
    }

    private static let shapes = [
        "/assets/../admin", "/assets/%2e%2e/admin", "/assets/%2E%2E/admin", "/assets/..%2fadmin",
        "/assets/..%2Fadmin%2Faudit",
        "/assets/x/../../admin", "/assets/..%5cadmin", "/assets/..;/admin", "/assets//admin", "/novnc/../admin",
        "/novnc/%2e%2e/admin", "/novnc/1/../../admin", "/healthz/../admin", "/healthz/..%2fadmin",
        "/metrics/%2e%2e/admin/audit", "/readyz/..;/admin", "//admin", "///admin", "/./admin", "/%2e/admin", "/admin/",
        "/admin//", "/admin/.", "/admin/..", "/admin%2faudit", "/admin/audit/", "/admin//audit", "/%61dmin", "/ADMIN",
        "/admin%00", "/admin%20", "/admin;x=/assets/", "/admin?x=/assets/", "/admin?/../assets/style.css",
        "/admin/%2e%2e/assets/style.css", "http://HOST/admin", "http://HOST//admin", "http://HOST/assets/../admin",
    ]

    @Test(arguments: [nil, "bob"])
    func `no way of writing a page's path gets round its door`(person: String?) async throws {
        try await withSite(signIn: Self.options) { site in
            _ = try await running(site)
            let browser = Browser(site)
            if let person { #expect(try await browser.signIn(person).status == 303) }
            for shape in Self.shapes {
                let path = shape.replacing("HOST", with: "127.0.0.1:\(site.http.port)")
                let reply = try await browser.get(path)
                #expect([303, 400, 401, 403, 404].contains(reply.status), "\(path): \(reply.status)")
                #expect(!reply.body.contains("alice"), "\(path)")
            }
            let root = Browser(site)
            #expect(try await root.signIn("root").status == 303)
            #expect(try await root.get("/admin").body.contains("alice"), "what is looked for would be seen")
        }
    }

    /// All but what the answers to two requests can't have in common.
    private func comparable(_ reply: HTTPClient.Reply, _ session: SessionID) -> HTTPClient.Reply {
        var reply = reply
        reply.headers["location"] = reply.headers["location"]?.replacing(session.text, with: "SESSION")
        reply.body = reply.body.replacing(session.text, with: "SESSION")
        // The number of the request, by which an administrator finds it in the log.
        reply.body = reply.body.replacing(/[0-9a-f]{20,32}/, with: "REQUEST")
        return reply
    }

    @Test(arguments: [nil, "bob"], ["text/html", "application/json"])
    func `what is another's and what is not there get the same answer`(person: String?, accept: String) async throws {
        try await withSite(signIn: Self.options) { site in
            let session = try await running(site)
            let unknown = SessionID(milliseconds: 1)
            let browser = Browser(site)
            try await browser.get("/sign-in")
            if let person { #expect(try await browser.signIn(person).status == 303) }
            try await browser.get("/")
            let headers = [
                ("Accept", accept), ("Cookie", browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")),
            ]
            // Its display's page is for whoever has the link.
            let paths = Set(try routes(of: site).map(\.path)).filter { $0.contains("{sid}") }
                .subtracting(["/sessions/{sid}/display"])
            #expect(paths.count >= 7)
            for path in paths.sorted() {
                for method in ["GET", "POST"] {
                    func ask(_ id: SessionID) async throws -> HTTPClient.Reply {
                        let path = path.replacing("{sid}", with: id.text)
                        let reply =
                            method == "GET"
                            ? try await site.http.get(path, headers: headers)
                            : try await site.http.post(path, [("csrf", browser.token)], headers: headers)
                        return comparable(reply, id)
                    }
                    let (foreign, absent) = (try await ask(session), try await ask(unknown))
                    let words = "\(method) \(path): \(foreign) and \(absent)"
                    #expect(foreign.status == absent.status, "\(words)")
                    #expect(foreign.status == 404 || person == nil && [303, 401].contains(foreign.status), "\(words)")
                    #expect(foreign.headers == absent.headers, "\(words)")
                    #expect(foreign.body == absent.body && foreign.setCookies == absent.setCookies, "\(words)")
                }
            }
        }
    }
}
