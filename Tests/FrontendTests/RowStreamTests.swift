import Domain
@testable import Frontend
import Queue
import Testing
import TestSupport

/// The manage page's rows as they change.
@Suite(.timeLimit(.minutes(2)))
struct RowStreamTests {
    private func open(_ site: TestSite, _ path: String, _ browser: Browser? = nil) async throws -> EventReader {
        let cookies = browser?.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return EventReader(
            try await site.http.open("GET", path, headers: cookies.map { [("Cookie", $0)] } ?? []))
    }

    /// Where a page's own stream begins.
    private func live(_ page: String) throws -> String {
        String(try #require(page.firstMatch(of: /data-live="([^"]+)"/)).1)
    }

    private func read(_ reader: inout EventReader, until text: String) async throws -> [String] {
        var found: [String] = []
        while found.last?.contains(text) != true { found.append(try #require(try await reader.next()).data) }
        return found
    }

    @Test func `a row comes, changes and goes as its session does`() async throws {
        try await withSite { site in
            try await site.hostUp()
            var reader = try await open(site, try live(try await site.http.get("/manage").body))
            let id = try await site.create()
            #expect(try await read(&reader, until: "\"s-\(id)\":\"<tr ").last?.contains("Waiting") == true)
            try await site.advance(to: .running)
            _ = try await read(&reader, until: "/sessions/\(id)/connect")
            _ = try await site.queue.stop(id)
            try await site.queue.finish(try #require(try await site.claim()))
            let last = try #require(try await read(&reader, until: "\"s-\(id)\":null").last)
            #expect(last.contains("\"e-\(id)\":\"<li "), "it joins those that have ended")
        }
    }

    @Test func `what changed between a page and its stream is told`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let first = try await site.create()
            let address = try live(try await site.http.get("/manage").body)
            _ = try await site.queue.stop(first)
            let second = try await site.create()
            var reader = try await open(site, address)
            let found = try await read(&reader, until: "\"s-\(second)\":\"<tr ").joined()
            #expect(found.contains("\"s-\(first)\":null"))
        }
    }

    @Test func `many changes within a tick are one event`() async throws {
        try await withSite { site in
            try await site.hostUp()
            var reader = try await open(site, try live(try await site.http.get("/manage").body))
            let begin = ContinuousClock.now
            var ids: [SessionID] = []
            for _ in 0..<20 { ids.append(try await site.create()) }
            var events = 0
            var missing = Set(ids)
            while !missing.isEmpty {
                let event = try #require(try await reader.next())
                if event.name == "rows" { events += 1 }
                missing = missing.filter { !event.data.contains("\"s-\($0)\"") }
            }
            #expect(events <= Int(begin.duration(to: .now).components.seconds) + 2)
        }
    }

    @Test func `nobody gets a row of somebody else's, but an administrator`() async throws {
        try await withSite(signIn: SignInOptions(admins: ["root"])) { site in
            try await site.hostUp()
            let (alice, bob, root) = (Browser(site), Browser(site), Browser(site))
            for (browser, name) in [(alice, "alice"), (bob, "bob"), (root, "root")] {
                _ = try await browser.signIn(name)
            }
            func create(_ browser: Browser) async throws -> SessionID {
                try await browser.get("/")
                let reply = try await browser.post("/sessions", [("machine", "grub")])
                return try #require(reply.headers["location"].flatMap { SessionID($0.dropFirst(10)) }, "\(reply)")
            }
            // With all that they missed, which nobody may get of others either.
            var (own, all) = (
                try await open(site, "/manage/events?after=0-0", alice),
                try await open(site, "/admin/events?after=0-0", root)
            )
            let theirs = try await create(bob)
            try await site.advance(to: .running)
            var late = try await open(site, "/manage/events?after=0-0", alice)
            let mine = try await create(alice)
            let found = try await read(&own, until: "\"s-\(mine)\":\"<tr ")
            #expect(!found.joined().contains(theirs.text))
            #expect(!found.joined().contains("\"hosts\""), "hosts do not concern them")
            #expect(!(try await read(&late, until: "\"s-\(mine)\":\"<tr ").joined()).contains(theirs.text))
            #expect(try await read(&all, until: "\"s-\(mine)\":\"<tr ").joined().contains(theirs.text))
            #expect(try await bob.get("/admin/events").status == 403)
        }
    }

    @Test func `rows outlive a restart of Redis`() async throws {
        try await withSite(appendOnly: true) { site in
            try await site.hostUp()
            var reader = try await open(site, try live(try await site.http.get("/manage").body))
            let first = try await site.create()
            _ = try await read(&reader, until: "\"s-\(first)\":\"<tr ")
            site.server.kill()
            try await site.server.restart()
            _ = try await site.queue.stop(first)
            _ = try await read(&reader, until: "\"s-\(first)\":null")
        }
    }
}
