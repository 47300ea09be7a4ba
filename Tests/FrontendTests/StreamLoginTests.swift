import Domain
@testable import Frontend
import Logging
import Redis
import Testing
import TestSupport

/// A stream ends with the login, and with the right, that it was opened by.
@Suite(.timeLimit(.minutes(2)))
struct StreamLoginTests {
    private func open(_ site: TestSite, _ path: String, _ browser: Browser) async throws -> EventReader {
        let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return EventReader(try await site.http.open("GET", path, headers: [("Cookie", cookies)]))
    }

    private func session(_ site: TestSite, _ browser: Browser) async throws -> SessionID {
        try await browser.get("/")
        let reply = try await browser.post("/sessions", [("machine", "grub")])
        return try #require(reply.headers["location"].flatMap { SessionID($0.dropFirst(10)) }, "\(reply)")
    }

    @Test(arguments: ["/sign-out", "/sign-out/everywhere"])
    func `signing out ends the streams of that login at once`(path: String) async throws {
        try await withSite(signIn: SignInOptions(admins: ["root"])) { site in
            try await site.hostUp()
            let (alice, elsewhere, bob) = (Browser(site), Browser(site), Browser(site))
            for browser in [alice, elsewhere] { _ = try await browser.signIn("alice") }
            _ = try await bob.signIn("bob")
            let id = try await session(site, alice)
            var own = try await open(site, "/sessions/\(id)/events", alice)
            var all = try await open(site, "/manage/events", alice)
            var others = try await open(site, "/manage/events", bob)
            _ = try await own.next()
            let leaving = path == "/sign-out" ? alice : elsewhere
            try await leaving.get("/")
            let start = ContinuousClock.now
            #expect(try await leaving.post(path).status == 303)
            while try await own.next() != nil {}
            while try await all.next() != nil {}
            #expect(start.duration(to: .now) < .seconds(5), "long before all are looked at again")
            _ = try await session(site, bob)
            while let event = try await others.next(), event.name != "rows" {}
        }
    }

    @Test func `a stream whose login or right has ended otherwise ends with the next beat`() async throws {
        try await withSite(signIn: SignInOptions(adminGroup: "cn=admins")) { site in
            try await site.hostUp()
            let (alice, root) = (Browser(site), Browser(site))
            _ = try await alice.signIn("alice")
            _ = try await root.signIn("root")
            let id = try await session(site, alice)
            var foreign = try await open(site, "/sessions/\(id)/events", root)
            var own = try await open(site, "/manage/events", alice)
            // Both have begun: who comes too late is answered something else.
            _ = try await foreign.next()
            _ = try await own.next()
            let redis = RedisClient(address: site.server.address, logger: site.log.logger)
            func logins(_ user: String) async throws -> [String] {
                try await redis.send(["ZRANGE", "qwd:logins:\(user)", "0", "-1"]).array?.compactMap(\.string) ?? []
            }
            // No administrator any more, but signed in.
            for login in try await logins("root") {
                _ = try await redis.send(["HSET", "qwd:login:\(login)", "groups", ""])
            }
            // Over, as by its time.
            for login in try await logins("alice") { _ = try await redis.send(["DEL", "qwd:login:\(login)"]) }
            while try await foreign.next() != nil {}
            while try await own.next() != nil {}
            #expect(try await root.get("/manage").status == 200)
            await redis.close()
        }
    }
}
