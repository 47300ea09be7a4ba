@testable import Accounts
import Domain
import Foundation
@testable import Frontend
import Logins
import Queue
import Redis
import Secrets
import Testing

/// One password for everybody who is known; what the real servers do stands in AccountsTests.
struct KnownPeople: SignInMethod {
    let name = "ldap"

    func person(for credentials: Credentials) throws(AccountsError) -> Person? {
        if credentials.user == "down" { throw AccountsError(.unavailable, "ldap.example.org does not answer.") }
        guard credentials.password.revealed == "sesame" else { return nil }
        switch credentials.user {
        case "alice", "alice@example.org": return Person(name: "alice", email: "alice@example.org", method: name)
        case "bob": return Person(name: "bob", email: "bob@example.org", method: name)
        case "bo": return Person(name: "bo", method: name)
        case "root": return Person(name: "root", groups: ["cn=admins"], method: name)
        default: return nil
        }
    }
}

/// A browser: it keeps cookies, says where it comes from, and sends the forms of the page it sees.
final class Browser {
    private let http: HTTPClient
    private(set) var cookies: [String: String] = [:]
    private(set) var page = ""

    init(_ site: TestSite) { http = site.http }

    private var headers: [(String, String)] {
        [
            ("Cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")),
            ("Sec-Fetch-Site", "same-origin"),
            ("Accept", "text/html"),
        ]
    }

    private func keep(_ reply: HTTPClient.Reply) -> HTTPClient.Reply {
        for line in reply.setCookies {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            if line.contains("Max-Age=0") { cookies[name] = nil } else { cookies[name] = String(pair[1]) }
        }
        if reply.body.contains("<html") { page = reply.body }
        if let field = page.firstRange(of: "name=\"csrf\" value=\"") {
            token = String(page[field.upperBound...].prefix { $0 != "\"" })
        }
        return reply
    }

    @discardableResult
    func get(_ path: String) async throws -> HTTPClient.Reply { keep(try await http.get(path, headers: headers)) }

    /// The field of the last form that was seen, which shows that it is ours.
    private(set) var token = ""

    @discardableResult
    func post(_ path: String, _ fields: [(String, String)] = []) async throws -> HTTPClient.Reply {
        keep(try await http.post(path, fields + [("csrf", token)], headers: headers))
    }

    /// The secret of the app that the last page sets up.
    var appSecret: String? {
        page.firstMatch(of: /id="app-secret">([A-Z2-7 ]+)</).map { String($0.1).filter { $0 != " " } }
    }

    func signIn(_ user: String, _ password: String = "sesame") async throws -> HTTPClient.Reply {
        try await get("/sign-in")
        return try await post("/sign-in", [("user", user), ("password", password)])
    }
}

@Suite(.timeLimit(.minutes(2)))
struct SignInTests {
    private static let options = SignInOptions(admins: ["root"], emailDomains: [])

    /// An app that alice has set up before.
    private func enrolledApp(_ site: TestSite) async throws -> TOTP {
        let app = TOTP.random()
        let logins = LoginStore(redis: site.queue.redis, idle: .seconds(60), absolute: .seconds(600))
        _ = try await logins.enrol(
            "alice", sealed: site.secret.seal(app.base32, for: .totp, beside: "alice"), step: 0, recovery: [])
        return app
    }

    private func create(_ browser: Browser) async throws -> SessionID {
        try await browser.get("/")
        let reply = try await browser.post("/sessions", [("machine", "grub")])
        #expect(reply.status == 303, "\(reply.body)")
        return try #require(SessionID((reply.headers["location"] ?? "").dropFirst(10)))
    }

    @Test func `who is not signed in sees a form with a password, and no session`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let stranger = Browser(site)
            let form = try await stranger.get("/").body
            #expect(form.contains("type=\"password\"") && !form.contains("disabled"))
            for path in ["/manage", "/admin", "/account"] {
                let reply = try await stranger.get(path)
                #expect(
                    reply.status == 303 && reply.headers["location"]?.hasPrefix("/sign-in?then=") == true, "\(path)")
                #expect(try await site.http.get(path, headers: [("Accept", "application/json")]).status == 401)
            }
            let created = try await stranger.post("/sessions", [("machine", "grub")])
            #expect(created.status == 401)
            #expect(try await site.queue.sessions() == [])
        }
    }

    @Test func `a page of an error knows who looks at it`() async throws {
        let link = "href=\"/sign-in\""
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let alice = Browser(site)
            #expect(try await alice.get("/nothing").body.contains(link))
            try await alice.get("/")
            try await alice.post(
                "/sessions", [("machine", "grub"), ("user", "alice"), ("password", "sesame")])
            for path in ["/nothing", "/sessions/0000000000000000", "/admin"] {
                let page = try await alice.get(path)
                #expect(page.status == 404 || page.status == 403, "\(path)")
                #expect(page.body.contains("alice") && !page.body.contains(link), "\(path)")
            }
        }
        // Where nobody signs in there is no such page.
        try await withSite { site in
            let page = try await Browser(site).get("/nothing")
            #expect(page.status == 404 && !page.body.contains(link))
        }
    }

    @Test func `name, password and machine in one form create in one step`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let alice = Browser(site)
            try await alice.get("/")
            let reply = try await alice.post(
                "/sessions", [("machine", "grub"), ("user", "alice@example.org"), ("password", "sesame")])
            #expect(reply.status == 303)
            #expect(alice.cookies["qwd-login"]?.count == 43)
            #expect(try await site.queue.sessions().map(\.request.owner) == ["alice"])
            let form = try await alice.get("/").body
            #expect(!form.contains("type=\"password\"") && form.contains("alice"))
        }
    }

    @Test func `a form that signs in and is refused for a field can be corrected and sent again`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let root = Browser(site)
            try await root.get("/")
            let refused = try await root.post(
                "/sessions", [("machine", "grub"), ("cpu", "99"), ("user", "root"), ("password", "sesame")])
            #expect(refused.status == 422)
            #expect(refused.body.contains("href=\"/admin\""), "the page is an administrator's already")
            #expect(try await root.post("/sessions", [("machine", "grub")]).status == 303)
            #expect(try await site.queue.sessions().map(\.request.owner) == ["root"])
        }
    }

    @Test func `a form that is refused after a code can be corrected and sent again`() async throws {
        var options = Self.options
        options.secondFactor = .totp
        try await withSite(signIn: options) { site in
            try await site.hostUp()
            let app = try await enrolledApp(site)
            let alice = Browser(site)
            try await alice.get("/")
            try await alice.post(
                "/sessions", [("machine", "grub"), ("cpu", "99"), ("user", "alice"), ("password", "sesame")])
            try await alice.get("/sign-in/code")
            let code = app.code(in: TOTP.step(at: Date()))
            #expect(try await alice.post("/sign-in/code", [("code", code)]).status == 422)
            #expect(try await alice.post("/sessions", [("machine", "grub")]).status == 303)
        }
    }

    @Test func `a cookie is out of reach of scripts and other sites, and a password is nowhere`() async throws {
        try await withSite(signIn: Self.options) { site in
            let reply = try await Browser(site).signIn("alice")
            let cookie = try #require(reply.setCookies.first { $0.hasPrefix("qwd-login=") })
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"))
            #expect(!site.log.lines.joined().contains("sesame"))
            #expect(try await !site.http.get("/metrics").body.contains("alice"))
            // A query never signs anybody in.
            let get = try await site.http.get("/sign-in?user=alice&password=sesame")
            #expect(!get.setCookies.contains { $0.hasPrefix("qwd-login=") })
            for key in try await site.queue.redis.send(["KEYS", "*"]).array?.compactMap(\.string) ?? [] {
                #expect(!key.contains(alicesToken(cookie)))
            }
        }
    }

    private func alicesToken(_ cookie: String) -> String { String(cookie.dropFirst(10).prefix { $0 != ";" }) }

    @Test(arguments: [("alice", "wrong"), ("nobody", "sesame"), ("alice", ""), ("SUCCESS", "SUCCESS"), ("a\u{1}", "x")])
    func `a wrong name or password is refused with the same words`(user: String, password: String) async throws {
        try await withSite(signIn: Self.options) { site in
            let start = ContinuousClock.now
            let reply = try await Browser(site).signIn(user, password)
            #expect(reply.status == 401)
            #expect(reply.body.contains("The name or the password is wrong."))
            #expect(!reply.setCookies.contains { $0.hasPrefix("qwd-login=") })
            let took = ContinuousClock.now - start
            #expect(took > .seconds(1) && took < .seconds(2))
        }
    }

    @Test func `a server that does not answer lets nobody in and says so`() async throws {
        try await withSite(signIn: Self.options) { site in
            let reply = try await Browser(site).signIn("down")
            #expect(reply.status == 503)
            #expect(!reply.setCookies.contains { $0.hasPrefix("qwd-login=") })
        }
    }

    @Test func `sessions are for their owner and administrators alone`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let (bob, bo, root, alice) = (Browser(site), Browser(site), Browser(site), Browser(site))
            for (browser, name) in [(bob, "bob"), (bo, "bo"), (root, "root"), (alice, "alice")] {
                #expect(try await browser.signIn(name).status == 303)
            }
            let id = try await create(bob)
            try await site.advance(to: .running)
            for (path, allowed) in [
                ("", 200), ("/status", 200), ("/connect", 303), ("/events?after=9999999999999", 200),
            ] {
                #expect(try await bo.get("/sessions/\(id)\(path)").status == 404, "bo \(path)")
                if path.hasPrefix("/events") { continue }
                #expect(try await bob.get("/sessions/\(id)\(path)").status == allowed, "bob \(path)")
                #expect(try await root.get("/sessions/\(id)\(path)").status == allowed, "root \(path)")
            }
            try await alice.get("/account")
            #expect(try await alice.post("/sessions/\(id)/stop").status == 404)
            #expect(try await alice.post("/sessions/\(id)/extend").status == 404)
            #expect(try await site.queue.session(id)?.state == .running)
            // A name that is part of another one.
            #expect(try await !bo.get("/manage").body.contains(id.text))
            #expect(try await bob.get("/manage").body.contains(id.text))
            #expect(try await bob.get("/admin").status == 403)
            #expect(try await bob.post("/admin/stop-all", [("sure", "yes")]).status == 403)
            #expect(try await root.get("/admin").body.contains(id.text))
            #expect(try await root.post("/admin/stop-all").status == 422)
            #expect(try await site.queue.session(id)?.stopRequested == false)
            #expect(try await root.post("/admin/stop-all", [("sure", "yes")]).status == 303)
            #expect(try await site.queue.session(id)?.stopRequested == true)
            let acts = try await site.queue.audit(limit: 100)
            #expect(acts.contains { $0.act == .refused && $0.who == "bo" && $0.what == id.text })
            #expect(acts.contains { $0.act == .create && $0.who == "bob" && $0.from == "127.0.0.1" })
            #expect(acts.contains { $0.act == .admin && $0.who == "root" })
            #expect(acts.contains { $0.act == .openDisplay && $0.who == "bob" })
            #expect(try await root.get("/admin/audit").body.contains("stopped all 1 sessions"))
            // The menu says where one is.
            for (path, current) in [("/", "/"), ("/manage", "/manage"), ("/admin", "/admin"), ("/account", "/account")]
            {
                let links = try await root.get(path).body.matches(of: /href="([^"]*)" aria-current="page"/)
                #expect(links.map { String($0.1) } == [current], "\(path)")
            }
        }
    }

    @Test func `a form that no page of ours has sent changes nothing`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await site.hostUp()
            let bob = Browser(site)
            _ = try await bob.signIn("bob")
            let id = try await create(bob)
            let login = [("Cookie", "qwd-login=\(bob.cookies["qwd-login"] ?? "")")]
            #expect(try await site.http.post("/sessions/\(id)/stop", [], headers: login).status == 403)
            #expect(try await site.http.post("/sessions/\(id)/stop", [("csrf", "x")], headers: login).status == 403)
            let mallory = Browser(site)
            try await mallory.get("/sign-in")
            let stolen = try await site.http.post("/sessions/\(id)/stop", [("csrf", mallory.token)], headers: login)
            #expect(stolen.status == 403)
            for _ in 0..<100 {
                let other = site.secret.mark(LoginToken.random().revealed, for: .form)
                let reply = try await site.http.post("/sessions/\(id)/stop", [("csrf", other)], headers: login)
                #expect(reply.status == 403)
            }
            #expect(
                try await site.http.post("/sign-out", [], headers: login + [("Origin", "http://evil.example")]).status
                    == 403)
            #expect(try await site.queue.session(id)?.state == .queued)
            try await bob.get("/sessions/\(id)")
            #expect(try await bob.post("/sessions/\(id)/stop").status == 303)
            #expect(try await site.queue.session(id)?.state == .ended)
        }
    }

    @Test func `a space around a name makes no second person`() async throws {
        try await withSite(signIn: Self.options) { site in
            let browser = Browser(site)
            let reply = try await browser.signIn(" alice ")
            #expect(reply.status == 303)
            let page = try await browser.get("/account").body
            #expect(page.contains("<h1>alice</h1>"))
        }
    }

    @Test func `signing out ends the login, everywhere ends all of them`() async throws {
        try await withSite(signIn: Self.options) { site in
            let (one, two) = (Browser(site), Browser(site))
            _ = try await one.signIn("alice")
            _ = try await two.signIn("alice")
            #expect(try await one.get("/account").body.contains("this browser"))
            let old = one.cookies["qwd-login"] ?? ""
            #expect(try await one.post("/sign-out").status == 303)
            #expect(try await site.http.get("/account", headers: [("Cookie", "qwd-login=\(old)")]).status == 303)
            #expect(try await two.get("/account").status == 200)
            _ = try await one.signIn("alice")
            try await one.get("/account")
            #expect(try await one.post("/sign-out/everywhere").status == 303)
            #expect(try await two.get("/account").status == 303)
        }
    }

    @Test func `guessing is slowed down with a time to wait`() async throws {
        try await withSite(signIn: Self.options) { site in
            let statuses = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let reply = try await site.http.post(
                            "/sign-in", [("user", "alice"), ("password", "guess")],
                            headers: [("Accept", "application/json")])
                        return (reply.status, reply.headers["retry-after"])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0.0 == 401 } == 5)
            #expect(statuses.filter { $0.0 == 429 }.allSatisfy { Int($0.1 ?? "") ?? 0 > 0 })
        }
    }

    @Test func `a program signs in by JSON, with a code if one is wanted, and acts with the token of its login`()
        async throws
    {
        var options = Self.options
        options.secondFactor = .totp
        let json = [("Accept", "application/json")]
        try await withSite(signIn: options) { site in
            try await site.hostUp()
            let app = try await enrolledApp(site)
            let first = try await site.http.post(
                "/sign-in", [("user", "alice"), ("password", "sesame")], headers: json)
            #expect(first.status == 202 && first.body.contains("\"code_wanted\":\"totp\""))
            let challenge = try #require(first.setCookies.first { $0.hasPrefix("qwd-challenge=") })
            let code = app.code(in: TOTP.step(at: Date()))
            let second = try await site.http.post(
                "/sign-in", [("code", code)], headers: json + [("Cookie", String(challenge.prefix { $0 != ";" }))])
            #expect(second.status == 200 && second.body.contains("\"user\":\"alice\""))
            let login = try #require(second.setCookies.first { $0.hasPrefix("qwd-login=") })
            let headers = json + [("Cookie", String(login.prefix { $0 != ";" }))]
            let account = try await site.http.get("/account", headers: headers)
            let token = try #require(account.body.firstMatch(of: /"csrf":"([^"]+)"/).map { String($0.1) })
            #expect(try await site.http.post("/sessions", [("machine", "grub")], headers: headers).status == 403)
            let created = try await site.http.post(
                "/sessions", [("machine", "grub")], headers: headers + [("X-Form-Token", token)])
            #expect(created.status == 201)
        }
    }

    @Test func `whoever has a password can't guess the code`() async throws {
        var options = Self.options
        options.secondFactor = .totp
        try await withSite(signIn: options) { site in
            let logins = LoginStore(redis: site.queue.redis, idle: .seconds(60), absolute: .seconds(600))
            _ = try await logins.enrol(
                "alice", sealed: site.secret.seal(TOTP.random().base32, for: .totp, beside: "alice"), step: 0,
                recovery: [])
            var statuses: [Int] = []
            let mallory = Browser(site)
            for _ in 0..<3 {
                statuses.append(try await mallory.signIn("alice").status)
                try await mallory.get("/sign-in/code")
                for _ in 0..<5 { statuses.append(try await mallory.post("/sign-in/code", [("code", "000000")]).status) }
            }
            // Each second one more may be let through.
            #expect((10...13).contains(statuses.count { $0 == 401 }), "\(statuses)")
            #expect(statuses.contains(429))
        }
    }

    @Test func `what a stranger says of proxies and hosts is not believed`() async throws {
        try await withSite(signIn: Self.options) { site in
            let headers = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"), ("Accept", "text/html")]
            let reply = try await site.http.post(
                "/sign-in", [("user", "alice"), ("password", "sesame")], headers: headers)
            #expect(try await site.queue.audit(limit: 1).first?.from == "127.0.0.1")
            #expect(!reply.setCookies.contains { $0.contains("Secure") })
        }
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.proxies = [IPNetwork("127.0.0.0/8")].compactMap(\.self)
        try await withSite(options, signIn: Self.options) { site in
            let reply = try await site.http.post(
                "/sign-in", [("user", "alice"), ("password", "sesame")],
                headers: [("X-Forwarded-For", "198.51.100.7, 203.0.113.9"), ("X-Forwarded-Proto", "https")])
            #expect(try await site.queue.audit(limit: 1).first?.from == "203.0.113.9")
            #expect(reply.setCookies.filter { $0.hasPrefix("qwd-login=") }.allSatisfy { $0.contains("; Secure") })
        }
    }

    @Test(
        arguments: [
            { "198.51.100.\($0), 203.0.113.8:\(40_000 + $0)" }, { "198.51.100.\($0), unknown" },
            { "198.51.100.\($0), [2001:db8::5]:\(40_000 + $0)" }, { "2001:db8::\($0)" }, { "198.51.100.\($0), " },
        ] as [@Sendable (Int) -> String])
    func `no way to write an address makes more tries of it`(line: @Sendable (Int) -> String) async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.proxies = [IPNetwork("127.0.0.0/8")].compactMap(\.self)
        try await withSite(options, signIn: Self.options) { site in
            let lines = (1...30).map(line)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, line) in lines.enumerated() {
                    group.addTask {
                        try await site.http.post(
                            "/sign-in", [("user", "user\(number)"), ("password", "wrong")],
                            headers: [("X-Forwarded-For", line)]
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 429 } >= 9, "\(statuses)")
        }
    }

    @Test func `an app is set up by its picture, asked for, and no code works twice`() async throws {
        var options = Self.options
        options.secondFactor = .totp
        try await withSite(signIn: options) { site in
            try await site.hostUp()
            let alice = Browser(site)
            try await alice.get("/")
            let first = try await alice.post(
                "/sessions", [("machine", "grub"), ("user", "alice"), ("password", "sesame")])
            #expect(first.headers["location"] == "/sign-in/code")
            #expect(alice.cookies["qwd-login"] == nil)
            try await alice.get("/sign-in/code")
            let secret = try #require(alice.appSecret)
            let app = try #require(TOTP(base32: Secret(secret)))
            #expect(try await alice.post("/sign-in/code", [("code", "000000")]).status == 401)
            let code = app.code(in: TOTP.step(at: Date()))
            let done = try await alice.post("/sign-in/code", [("code", code)])
            #expect(done.status == 200, "\(done.body)")
            let recovery = done.body.matches(of: /<li><code>([0-9a-z-]+)</).map { String($0.1) }
            #expect(recovery.count == 10)
            // What was asked for before the code is there.
            #expect(try await site.queue.sessions().map(\.request.owner) == ["alice"])

            let again = Browser(site)
            _ = try await again.signIn("alice")
            try await again.get("/sign-in/code")
            #expect(!again.page.contains("app-secret"))
            #expect(try await again.post("/sign-in/code", [("code", code)]).status == 401, "a code works once")
            #expect(try await again.post("/sign-in/code", [("code", recovery[0].uppercased())]).status == 303)
            #expect(try await again.get("/account").body.contains("9 recovery codes"))
            for key in try await site.queue.redis.send(["KEYS", "qwd:account:*"]).array?.compactMap(\.string) ?? [] {
                let dump = "\(try await site.queue.redis.send(["DUMP", key]))"
                #expect(!dump.contains(secret))
            }
        }
    }
}
