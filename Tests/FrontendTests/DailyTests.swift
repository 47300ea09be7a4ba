import Domain
@testable import Frontend
import Queue
import Redis
import Testing

/// Small things that people meet every day.
@Suite(.timeLimit(.minutes(1)))
struct DailyTests {
    /// A session that runs and can be opened.
    private func running(_ site: TestSite) async throws -> SessionID {
        try await site.hostUp()
        let id = try await site.create()
        let claim = try await site.advance(to: .display)
        // An address that leads only to the reader's own computer.
        try await site.queue.finish(claim, displayURL: "http://127.0.0.1:6080")
        return id
    }

    private static let browser = [("Accept", "text/html,application/xhtml+xml")]

    @Test func `a page is never older than the events that it goes on from`() async throws {
        try await withSite { site in
            let id = try await running(site)
            let page = try await site.http.get("/sessions/\(id)").body
            let last = try #require(try await site.queue.events(of: id).last)
            #expect(page.contains("events?after=\(last.id)"))
            #expect(page.contains("id=\"connect\""))
        }
    }

    @Test func `a stop asks first where no script has asked, and not where nothing runs`() async throws {
        try await withSite { site in
            let id = try await running(site)
            let asked = try await site.http.post("/sessions/\(id)/stop?from=manage", headers: Self.browser)
            #expect(asked.status == 200 && asked.body.contains("Stop and discard it?"))
            #expect(asked.body.contains("name=\"sure\" value=\"yes\"") && asked.body.contains("href=\"/manage\""))
            #expect(try await site.queue.session(id)?.stopRequested == false)
            let done = try await site.http.post(
                "/sessions/\(id)/stop?from=manage", [("sure", "yes")], headers: Self.browser)
            #expect(done.status == 303 && done.headers["location"] == "/manage")
            #expect(try await site.queue.session(id)?.stopRequested == true)
            // One that waits has nothing to lose.
            let waiting = try await site.create()
            #expect(try await site.http.post("/sessions/\(waiting)/stop", headers: Self.browser).status == 303)
            #expect(try await site.queue.session(waiting)?.state == .ended)
        }
    }

    @Test func `a desktop that is open shows what is wrong with it, and its event brings that`() async throws {
        try await withSite { site in
            let id = try await running(site)
            let words = "Paused: the host's disk is full."
            var reader = EventReader(try await site.http.open("GET", "/sessions/\(id)/events", headers: []))
            _ = try await reader.next()
            try await site.queue.trouble(id, detail: words)
            #expect(try await site.http.get("/sessions/\(id)").body.contains("Paused: the host&#39;s disk is full."))
            while let event = try await reader.next() {
                if event.data.contains("Paused") {
                    // The page's own words, and not only the event's fields, which have them too.
                    #expect(event.data.contains("\"lead\":\"<p>Paused: the host"), "\(event.data)")
                    break
                }
            }
        }
    }

    @Test func `a machine that no host has any more is said so, and not waited for as if it came`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            try await site.queue.offer([], tags: [], host: "host-a")
            // What hosts have is asked for once a second.
            var page = ""
            repeat {
                page = try await site.http.get("/sessions/\(id)").body
            } while !page.contains("No host offers grub any more")
            #expect(!page.contains("It starts by itself") && page.contains("Cancel"))
        }
    }

    @Test func `a browser without cookies is told so`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let reply = try await site.http.post(
                "/sessions", [("machine", "grub")], headers: [("Origin", "http://127.0.0.1:\(site.http.port)")])
            #expect(reply.status == 403 && reply.body.contains("keeps no cookies"))
        }
    }

    @Test func `the same form with other choices is another request`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let form = [("machine", "grub"), ("nonce", "the-same-form"), ("cpu", "1")]
            let first = try await site.http.post("/sessions", form).headers["location"]
            #expect(try await site.http.post("/sessions", form).headers["location"] == first)
            let other = try await site.http.post("/sessions", form.dropLast() + [("cpu", "2")]).headers["location"]
            #expect(other != first && other?.hasPrefix("/sessions/") == true)
        }
    }

    @Test(arguments: ["", "/qwd"])
    func `a proxy may keep the path that it serves us below, or strip it`(sent: String) async throws {
        try await withSite(FrontendOptions(publicURL: "http://127.0.0.1/qwd", defaultMemoryMiB: 1024)) { site in
            try await site.hostUp()
            func get(_ path: String) async throws -> HTTPClient.Reply {
                try await site.http.send("GET", sent + path, host: "127.0.0.1")
            }
            let form = try await get("/?machine=grub")
            #expect(form.status == 200 && form.body.contains("action=\"/qwd/sessions\""))
            let made = try await site.http.send(
                "POST", "\(sent)/sessions", host: "127.0.0.1",
                headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array("machine=grub".utf8))
            let page = try #require(made.headers["location"])
            #expect(page.hasPrefix("/qwd/sessions/"))
            let inside = String(page.dropFirst(4))
            for (path, status) in [(inside, 200), ("\(inside)/status", 200), ("/healthz", 200), ("/nothing", 404)] {
                #expect(try await get(path).status == status, "\(path)")
            }
        }
        try await withSite(FrontendOptions(publicURL: "http://127.0.0.1/qwd", defaultMemoryMiB: 1024)) { site in
            // The path itself, and one that only begins like it.
            for (path, status) in [("/qwd", 200), ("/qwdx", 404)] {
                let reply = try await site.http.send("GET", path, host: "127.0.0.1")
                #expect(reply.status == status, "\(path)")
            }
        }
    }

    @Test func `what stands in an address bar after a form leads somewhere`() async throws {
        try await withSite { site in
            let id = try await running(site)
            for (path, place) in [
                ("/sessions", "/"), ("/sessions/\(id)/stop", "/sessions/\(id)"),
                ("/sessions/\(id)/extend", "/sessions/\(id)"), ("/admin/stop-all", "/admin"), ("/sign-in", "/"),
            ] {
                let reply = try await site.http.get(path)
                #expect(reply.status == 303 && reply.headers["location"] == place, "\(path)")
            }
        }
    }

    @Test func `who asks by OPTIONS, or waits with a body, is answered`() async throws {
        try await withSite { site in
            let host = "Host: 127.0.0.1:\(site.http.port)\r\n"
            for head in [
                "OPTIONS / HTTP/1.0\r\n\r\n", "OPTIONS /sessions HTTP/1.1\r\n\(host)Connection: close\r\n\r\n",
            ] {
                let reply = try await site.http.raw(head)
                #expect(reply.status == 204 && reply.headers["allow"]?.contains("POST") == true, "\(head)")
            }
            let body = "machine=grub"
            let text = try await site.http.raw(
                "POST /sessions HTTP/1.1\r\n\(host)Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n\(body)")
            #expect(text.status == 100)
        }
    }

    @Test func `a page that comes from elsewhere says that a display is at its host alone`() async throws {
        try await withSite(FrontendOptions(publicURL: "https://desk.example.org", defaultMemoryMiB: 1024)) { site in
            let id = try await running(site)
            let page = try await site.http.send("GET", "/sessions/\(id)", host: "desk.example.org")
            #expect(page.body.contains("can be opened on host-a only"))
            let local = try await site.http.get("/sessions/\(id)")
            #expect(local.status == 200 && !local.body.contains("can be opened on"))
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080/sessions/1/display#abc", true), ("https://desk.example.org/x#0.0.0.0", false),
        ("http://0.0.0.0:8080/display", true), ("http://[::1]/a#b#c", true),
    ])
    func `which links do`(link: String, isHere: Bool) { #expect(Pages.leadsOnlyHere(link) == isHere) }

    @Test func `the link of a desktop that only this computer can open says so`() async throws {
        try await withSite { site in
            let id = try await running(site)
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("This address works on this computer only"))
        }
        try await withSite(FrontendOptions(publicURL: "https://desk.example.org", defaultMemoryMiB: 1024)) { site in
            let id = try await running(site)
            let page = try await site.http.send("GET", "/sessions/\(id)", host: "desk.example.org").body
            #expect(page.contains("id=\"link\"") && !page.contains("This address works on this computer only"))
        }
    }

    @Test func `how long a desktop took is said when it is there`() async throws {
        try await withSite { site in
            let id = try await running(site)
            #expect(try await site.http.get("/sessions/\(id)").body.contains("class=\"took\"><summary>"))
            _ = try await site.queue.redis.send(["HSET", "qwd:session:\(id)", "ready", "waits"])
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("The desktop starts") && !page.contains("class=\"took\"><summary>"))
        }
    }

    @Test func `a number for the log stands on a page of what is in it`() async throws {
        try await withSite { site in
            let missing = try await site.http.get("/nowhere", headers: Self.browser)
            #expect(missing.status == 404 && !missing.body.contains("in the log"))
        }
    }

    @Test(arguments: [
        ("localhost:1", true), ("x.localhost", true), ("127.9.9.9", true), ("[::1]:80", true), ("0.0.0.0:80", true),
        ("[::]", true), ("10.0.0.1", false), ("localhost.example", false), ("desk", false),
    ])
    func `which addresses lead only to the reader's own computer`(text: String, isHere: Bool) {
        #expect(Authority(text)?.leadsOnlyHere == isHere)
    }

    @Test func `measurements say what hosts have, and which version runs`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let text = try await site.http.get("/metrics").body
            for name in [
                "qwd_host_disk_free_bytes", "qwd_host_load1", "qwd_host_cpu_busy_ratio", "qwd_host_cpu_capacity",
            ] {
                #expect(text.contains("\(name){host=\"host-a\"}"), "\(name)")
            }
            #expect(text.contains("qwd_build_info{version="))
        }
    }
}

/// What somebody wanted to see before signing in.
@Suite(.timeLimit(.minutes(1)))
struct ThenTests {
    @Test func `the page that was wanted survives a wrong password, and what is no page of ours does not`() async throws
    {
        try await withSite(signIn: SignInOptions(admins: ["root"])) { site in
            let browser = Browser(site)
            let first = try await browser.get("/sign-in?then=%2Fmanage")
            #expect(first.body.contains("name=\"then\" value=\"/manage\""))
            let wrong = try await browser.post(
                "/sign-in", [("user", "alice"), ("password", "wrong"), ("then", "/manage")])
            #expect(wrong.status == 401 && wrong.body.contains("name=\"then\" value=\"/manage\""))
            for other in ["//evil.example", "https://evil.example/", "/\\evil.example"] {
                let reply = try await browser.post(
                    "/sign-in", [("user", "alice"), ("password", "wrong"), ("then", other)])
                #expect(reply.body.contains("name=\"then\" value=\"\""), "\(other)")
            }
            let right = try await browser.post(
                "/sign-in", [("user", "alice"), ("password", "sesame"), ("then", "/manage")])
            #expect(right.headers["location"] == "/manage")
        }
    }
}
