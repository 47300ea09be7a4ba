import Domain
@testable import Frontend
import Queue
import Secrets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SessionPageTests {
    @Test func `the page follows a session from the queue to its desktop and never says ready before it is`()
        async throws
    {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            func page() async throws -> String { try await site.http.get("/sessions/\(id)").body }
            #expect(try await page().contains("Waiting: next in the queue"))
            let claim = try #require(try await site.claim())
            #expect(try await page().contains("Starting: finding a host, step 1 of 7"))
            for step in [SessionStep.snapshot, .launch, .network] { _ = try await site.queue.step(claim, step) }
            #expect(try await page().contains("step 4 of 7"))
            _ = try await site.queue.commit(claim, accelerator: "tcg")
            let committed = try await page()
            #expect(committed.contains("Starting: switching on, step 5 of 7"))
            #expect(!committed.contains("ready"))
            #expect(!committed.contains("id=\"connect\""))
            #expect(committed.contains("<noscript><meta http-equiv=\"refresh\" content=\"1\">"))
            try await site.queue.finish(claim, displayURL: "http://viewer.example:6080")
            let ready = try await page()
            #expect(ready.contains("Your desktop is ready"))
            let token = site.secret.token(session: id, fence: claim.fence)
            let link = "/sessions/\(id)/display#\(token)"
            let url = "http://127.0.0.1:\(site.http.port)\(link)"
            #expect(ready.contains("value=\"\(HTML.escape(url))\""))
            // The button leads there through the service, which notes who opened what.
            #expect(ready.contains("href=\"/sessions/\(id)/connect\""))
            #expect(try await site.http.get("/sessions/\(id)/connect").headers["location"] == link)
            #expect(ready.contains("class=\"qr\""))
            #expect(ready.contains("emulation (TCG)"))
            #expect(ready.contains("4 days left") || ready.contains("3 days 23 h left"))
            #expect(ready.contains("Ready after"))
            #expect(try await site.http.get("/sessions/\(id)").headers["cache-control"] == "no-store")
        }
    }

    @Test func `the status as JSON has every member and its link only while the desktop can be opened`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let waiting = try await site.http.get("/sessions/\(id)/status").body
            let nothing = ["step", "reason", "detail", "host", "started_at", "expires_at", "connect_url"]
            for member in [#""id":"\#(id)""#, #""state":"queued""#, #""position":1"#]
                + nothing.map({ "\"\($0)\":null" })
            {
                #expect(waiting.contains(member), "\(waiting)")
            }
            try await site.advance(to: .running)
            let running = try await site.http.get("/sessions/\(id)/status").body
            #expect(running.contains("\"connect_url\":\"http://127.0.0.1:\(site.http.port)/sessions/\(id)/display#"))
            #expect(try await site.http.post("/sessions/\(id)/stop").status == 303)
            let stopping = try await site.http.get("/sessions/\(id)/status").body
            #expect(stopping.contains(#""connect_url":null"#))
            #expect(try await site.http.get("/sessions/\(id)/connect").headers["location"] == "/sessions/\(id)")
        }
    }

    @Test func `a link leads to the pages' public address, wherever the session's host is`() async throws {
        try await withSite(FrontendOptions(publicURL: "https://desk.example.org/qwd/", defaultMemoryMiB: 1024)) {
            site in
            try await site.hostUp()
            let reply = try await site.http.post("/sessions", [("machine", "grub")])
            let id = try #require(reply.headers["location"]?.split(separator: "/").last.flatMap { SessionID($0) })
            try await site.advance(to: .running)
            let status = try await site.http.get("/sessions/\(id)/status").body
            #expect(status.contains("\"connect_url\":\"https://desk.example.org/qwd/sessions/\(id)/display#"))
        }
    }

    @Test func `a waiting session says for what and at which place`() async throws {
        try await withSite(FrontendOptions(memoryChoicesMiB: [8192])) { site in
            try await site.hostUp()
            _ = try await site.create([("machine", "grub"), ("memory", "8")])
            try await site.advance(to: .running)
            _ = try await site.create([("machine", "grub"), ("memory", "8")])
            let id = try await site.create([("machine", "grub"), ("memory", "8")])
            #expect(try await site.claim() == nil)
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("Waiting: place 2 in the queue"))
            #expect(page.contains("It needs 8 GiB of memory; the most is free on host-a: 7 GiB."))
            #expect(page.contains(">Cancel</button>"))
        }
    }

    @Test func `a failure shows its reason and the way on`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try #require(try await site.claim())
            try await site.queue.fail(claim, .permanent, message: "host-a: <the disk> is missing", delay: .zero)
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("It could not be started."))
            #expect(page.contains("host-a: &lt;the disk&gt; is missing"))
            #expect(page.contains("href=\"/?machine=grub\""))
            #expect(!page.contains("http-equiv=\"refresh\""))
        }
    }

    @Test func `a second try is told as such and its steps begin anew`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try #require(try await site.claim())
            _ = try await site.queue.step(claim, .launch)
            try await site.queue.fail(
                claim, .transient, message: "host-a: QEMU did not start", delay: .milliseconds(50))
            let waiting = try await site.http.get("/sessions/\(id)").body
            #expect(waiting.contains("Waiting for another try"))
            #expect(waiting.contains("The last try did not work: host-a: QEMU did not start"))
            while try await site.queue.waiting() == 0 { _ = try await site.queue.promote() }
            try await site.advance(to: .snapshot)
            let session = try #require(try await site.queue.session(id))
            let timeline = Timeline(of: session, times: StepTimes(try await site.queue.events(of: id)))
            #expect(timeline.entries.map(\.kind) == [.done, .now, .next, .next, .next, .next, .next])
        }
    }

    @Test func `a session of a silent host is explained`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            try await site.advance(to: .running)
            // The first round after a pause only notes the time; with a lease of nothing the second finds the host silent.
            _ = try await site.queue.reap(lease: .milliseconds(1))
            while try await site.queue.session(id)?.state == .running {
                _ = try await site.queue.reap(lease: .milliseconds(1))
            }
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("Its host does not answer"))
            #expect(page.contains("never runs twice"))
            #expect(!page.contains("id=\"connect\""))
        }
    }

    @Test func `a one-shot session is not for sharing`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create([("machine", "grub"), ("oneshot", "on")])
            try await site.advance(to: .running)
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("id=\"connect\""))
            #expect(!page.contains("class=\"qr\""))
        }
    }

    @Test func `extend gives a day, or what the limit leaves, and only to what runs`() async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024, defaultLifetimeSeconds: 43_200)
        options.limits.lifetimeSeconds = 50_000
        try await withSite(options) { site in
            try await site.hostUp()
            let id = try await site.create()
            #expect(try await site.http.post("/sessions/\(id)/extend").status == 409)
            try await site.advance(to: .running)
            #expect(try await site.http.get("/sessions/\(id)").body.contains("Extend by 1 h 53 min"))
            #expect(try await site.http.post("/sessions/\(id)/extend").status == 303)
            let session = try #require(try await site.queue.session(id))
            #expect(try #require(session.expiresAt) - #require(session.startedAt) == 50_000_000)
            #expect(!(try await site.http.get("/sessions/\(id)").body.contains("Extend by")))
        }
    }

    @Test func `one press of the button prolongs once, however often it arrives`() async throws {
        try await withSite(FrontendOptions(defaultMemoryMiB: 1024, defaultLifetimeSeconds: 43_200)) { site in
            try await site.hostUp()
            let id = try await site.create()
            try await site.advance(to: .running)
            func life() async throws -> Int64 {
                let session = try #require(try await site.queue.session(id))
                return try #require(session.expiresAt) - #require(session.startedAt)
            }
            let page = try await site.http.get("/sessions/\(id)").body
            let seen = try #require(page.firstMatch(of: /name="seen" value="(\d+)"/).map { String($0.1) })
            for _ in 0..<2 {
                #expect(try await site.http.post("/sessions/\(id)/extend", [("seen", seen)]).status == 303)
            }
            #expect(try await life() == 129_600_000)
            for wrong in ["", "soon", "-1", "1.5"] {
                #expect(try await site.http.post("/sessions/\(id)/extend", [("seen", wrong)]).status == 400)
            }
            let json = try await site.http.send(
                "POST", "/sessions/\(id)/extend", headers: [("Content-Type", "application/json")],
                body: Array("{\"seen\":\(seen)}".utf8))
            #expect(json.status == 200)
            #expect(try await life() == 129_600_000)
            _ = try await site.http.post("/sessions/\(id)/extend", headers: [("Accept", "application/json")])
            #expect(try await life() == 216_000_000)
        }
    }

    @Test func `without JavaScript a page loads itself often only on the way to the desktop`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            func seconds(_ path: String) async throws -> String? {
                try await site.http.get(path).body.firstMatch(of: /http-equiv="refresh" content="(\d+)"/)
                    .map { String($0.1) }
            }
            let path = "/sessions/\(id)"
            #expect(try await seconds(path) == "1", "it is taken at once")
            #expect(try await site.queue.drain("host-a", true))
            #expect(try await site.claim() == nil)
            #expect(try await seconds(path) == "10", "it waits")
            #expect(try await site.queue.drain("host-a", false))
            let claim = try #require(try await site.claim())
            #expect(try await seconds(path) == "1", "it starts")
            _ = try await site.queue.commit(claim, accelerator: "kvm")
            #expect(try await seconds(path) == "1", "it opens")
            try await site.queue.finish(claim, displayURL: TestSite.host.displayURL)
            #expect(try await seconds(path) == "30", "it is open")
            _ = try await site.queue.stop(id)
            #expect(try await seconds(path) == "10", "it stops")
            #expect(try await seconds("/manage") == "10")
            try await site.queue.finish(try #require(try await site.claim()))
            #expect(try await seconds(path) == nil, "it has ended")
        }
    }

    @Test func `stop cancels what waits and ends what runs`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let waiting = try await site.create()
            #expect(try await site.http.post("/sessions/\(waiting)/stop").headers["location"] == "/sessions/\(waiting)")
            #expect(
                try await site.http.get("/sessions/\(waiting)").body.contains("It was cancelled before it started."))
            let running = try await site.create()
            try await site.advance(to: .running)
            let json = try await site.http.post(
                "/sessions/\(running)/stop?from=manage", headers: [("Accept", "application/json")])
            #expect(json.body == #"{"id":"\#(running)","state":"stopping"}"# + "\n")
            let stop = try #require(try await site.claim())
            try await site.queue.finish(stop)
            #expect(try await site.http.get("/sessions/\(running)").body.contains("It was stopped."))
        }
    }
}
