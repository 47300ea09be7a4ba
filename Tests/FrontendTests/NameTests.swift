@testable import Accounts
import Domain
import Foundation
@testable import Frontend
import Logins
import Queue
import Secrets
import Testing

/// An authority that knows one person by any case of letters, and prints a name as the test wants it.
private struct AnyCase: SignInMethod {
    let name = "command"
    /// Whether it says how the name is spelt, or leaves it as it was typed.
    let saysSo: Bool

    func person(for credentials: Credentials) throws(AccountsError) -> Person? {
        guard let typed = credentials.name, credentials.password.revealed == "sesame" else { return nil }
        return Person(
            name: saysSo ? try PersonName(spelling: typed.text.lowercased(), by: "test") : typed, method: name)
    }
}

/// An authority whose records have two accounts with names that look the same. The password tells which is meant.
private struct TwoSpellings: SignInMethod {
    let name = "command"

    func person(for credentials: Credentials) throws(AccountsError) -> Person? {
        switch credentials.password.revealed {
        case "composed": Person(name: PersonName(recorded: "jos\u{E9}"), method: name)
        case "decomposed": Person(name: PersonName(recorded: "jose\u{301}"), method: name)
        default: nil
        }
    }
}

/// Whose name is whose.
@Suite(.timeLimit(.minutes(2)))
struct NameTests {
    private static let composed = "jos\u{E9}"
    private static let decomposed = "jose\u{301}"

    private func create(_ browser: Browser) async throws -> String {
        try await browser.get("/")
        return String(
            (try await browser.post("/sessions", [("machine", "grub")]).headers["location"] ?? "").dropFirst(10))
    }

    @Test func `two spellings that look the same are one person, who has one set of limits`() async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.limits.sessionsPerUser = 1
        try await withSite(options, signIn: SignInOptions(), methods: [AnyCase(saysSo: false)]) { site in
            try await site.hostUp()
            let (first, second) = (Browser(site), Browser(site))
            _ = try await first.signIn(Self.composed)
            _ = try await second.signIn(Self.decomposed)
            #expect(!(try await create(first)).isEmpty)
            try await second.get("/")
            #expect(try await second.post("/sessions", [("machine", "grub")]).status == 429)
            let owners = try await site.queue.sessions().map(\.request.owner)
            #expect(owners == [try PersonName(Self.composed)])
        }
    }

    @Test func `who is recorded by other bytes is nobody who signs in, however it looks`() async throws {
        let admin = PersonName(recorded: "rene\u{301}")
        try await withSite(
            signIn: SignInOptions(admins: [admin]), methods: [AnyCase(saysSo: false)]
        ) { site in
            try await site.hostUp()
            let old = try await site.queue.enqueue(
                SessionRequest(
                    owner: PersonName(recorded: Self.decomposed), machine: "grub",
                    resources: Resources(cpu: 1, memoryMiB: 64, diskGiB: 1),
                    lifetimeSeconds: 60, oneShot: false), limits: .none, id: SessionID(milliseconds: 1),
                job: JobID(milliseconds: 1))
            let person = Browser(site)
            _ = try await person.signIn(Self.composed)
            #expect(try await person.get("/sessions/\(old.session)").status == 404)
            try await person.get("/")
            #expect(try await person.post("/sessions/\(old.session)/stop").status == 404)
            let other = Browser(site)
            _ = try await other.signIn("ren\u{E9}")
            #expect(try await other.get("/admin").status == 403)
        }
    }

    @Test func `of two accounts whose names look the same neither opens or stops what the other has`() async throws {
        try await withSite(signIn: SignInOptions(), methods: [TwoSpellings()]) { site in
            try await site.hostUp()
            let people = [Browser(site), Browser(site)]
            for (person, password) in zip(people, ["composed", "decomposed"]) {
                #expect(try await person.signIn(Self.composed, password).status == 303)
            }
            let sessions = [try await create(people[0]), try await create(people[1])]
            #expect(!sessions.contains(""))
            for (person, (own, other)) in zip(people, [(sessions[0], sessions[1]), (sessions[1], sessions[0])]) {
                for place in ["", "/status", "/connect"] {
                    #expect(try await person.get("/sessions/\(own)\(place)").status < 400)
                    #expect(try await person.get("/sessions/\(other)\(place)").status == 404)
                }
                try await person.get("/")
                for deed in ["stop", "extend"] {
                    #expect(try await person.post("/sessions/\(other)/\(deed)").status == 404)
                }
                let page = try await person.get("/manage").body
                #expect(page.contains(own) && !page.contains(other))
            }
            #expect(try await site.queue.sessions().allSatisfy { !$0.stopRequested && $0.state == .queued })
        }
    }

    @Test(arguments: ["root\u{200B}", "ROOT", "Root", "root\u{301}", "\u{202E}root", "ro\u{3164}ot"])
    func `nobody becomes an administrator by a name that resembles one`(name: String) async throws {
        try await withSite(
            signIn: SignInOptions(admins: ["root"]), methods: [AnyCase(saysSo: false)]
        ) { site in
            let browser = Browser(site)
            _ = try await browser.signIn(name)
            #expect([303, 403].contains(try await browser.get("/admin").status))
            #expect([303, 403].contains(try await browser.get("/admin/audit").status))
        }
    }

    @Test func `the authority's spelling is one person with one second factor`() async throws {
        try await withSite(
            signIn: SignInOptions(secondFactor: .totp), methods: [AnyCase(saysSo: true)]
        ) { site in
            let app = TOTP.random()
            let logins = LoginStore(redis: site.queue.redis, idle: .seconds(60), absolute: .seconds(600))
            let sealed = site.secret.seal(app.base32, for: .totp, beside: "alice")
            #expect(try await logins.enrol("alice", sealed: sealed, step: 0, recovery: []))
            for typed in ["alice", "ALICE", "Alice"] {
                let browser = Browser(site)
                _ = try await browser.signIn(typed)
                try await browser.get("/sign-in/code")
                #expect(browser.appSecret == nil, "\(typed) is asked to set up an app of their own")
            }
        }
    }

    @Test func `where the authority leaves the spelling to who types, none sets up a second app`() async throws {
        try await withSite(
            signIn: SignInOptions(secondFactor: .totp), methods: [AnyCase(saysSo: false)]
        ) { site in
            let logins = LoginStore(redis: site.queue.redis, idle: .seconds(60), absolute: .seconds(600))
            #expect(try await logins.enrol("alice", sealed: "x", step: 0, recovery: []))
            for typed in ["ALICE", "Alice"] {
                let reply = try await Browser(site).signIn(typed)
                #expect(reply.status == 403)
                #expect(reply.body.contains("another spelling of your name"))
            }
            #expect(try await Browser(site).signIn("bob").status == 303)
        }
    }
}
