@testable import Accounts
import Domain
import Foundation
@testable import Frontend
import Logging
import Logins
import Queue
import Redis
import Secrets
import Testing

/// What is mailed, when, and what people see of it. How a mail gets to a server stands in AccountsTests.
@Suite(.timeLimit(.minutes(2)))
struct MailTests {
    /// A server that nobody runs: the kernel refuses the connection at once.
    private static func post() throws -> MailConfiguration {
        var options = MailServer.Options(url: "smtp://127.0.0.1:9")
        options.method = .simple
        return MailConfiguration(
            server: MailServer(options), from: try #require(EmailAddress("qwd@example.org")))
    }

    /// A mailer beside the site's own, if that has one.
    private static func mailer(_ site: TestSite) throws -> Mailer {
        let inner = try FrontendServices(
            queue: site.queue, secret: site.secret, options: site.options, dependencies: nil, hasMail: true,
            logger: Logger(label: "test"))
        return Mailer(services: inner, post: try post(), logger: Logger(label: "test"))
    }

    private static func take(_ site: TestSite) async throws -> ClaimedJob? {
        try await site.queue.claim(host: "", worker: "test", routes: [.mail], lease: .seconds(60))
    }

    /// Takes a mail as the mailer does and makes its message; nothing else sends it meanwhile.
    private func letter(_ site: TestSite) async throws -> MailMessage? {
        guard let job = try await Self.take(site) else { return nil }
        let message = try await Self.mailer(site).letter(for: job)
        try await site.queue.finish(job.claim, sent: true)
        return message
    }

    /// Asks for a session of somebody who has an address.
    private func order(_ site: TestSite) async throws -> SessionID {
        let request = SessionRequest(
            owner: "alice", machine: "grub", resources: Resources(cpu: 1, memoryMiB: 1024, diskGiB: 1),
            lifetimeSeconds: 86_400,
            oneShot: false, email: "alice@example.org")
        let id = SessionID(milliseconds: 1)
        return try await site.queue.enqueue(
            site.secret.sealed(request, for: id), limits: .none, id: id, job: JobID(milliseconds: 1)
        ).session
    }

    @Test func `a session's link is mailed with its picture, and its page says so`() async throws {
        try await withSite(signIn: SignInOptions()) { site in
            try await site.hostUp()
            let id = try await order(site)
            let claim = try await site.advance(to: .running)
            let message = try #require(try await letter(site))
            #expect(message.to.address.text == "alice@example.org")
            #expect(message.subject == "Your desktop grub is ready")
            let link = "/sessions/\(id)/display#\(site.secret.token(session: id, fence: claim.fence))"
            #expect(message.text.contains(link) && message.html?.contains(link) == true)
            #expect(!message.subject.contains(site.secret.token(session: id, fence: claim.fence)))
            #expect(message.images.first?.bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
            let second = try await letter(site)
            #expect(second == nil, "it is mailed once")
            let alice = Browser(site)
            _ = try await alice.signIn("alice")
            #expect(try await alice.get("/sessions/\(id)").body.contains("The link was mailed to alice@example.org."))
        }
    }

    @Test func `a mail that can't be sent is tried again, and the page tells why`() async throws {
        try await withSite(signIn: SignInOptions(), post: try Self.post()) { site in
            try await site.hostUp()
            let alice = Browser(site)
            _ = try await alice.signIn("alice")
            try await alice.get("/")
            let created = try await alice.post("/sessions", [("machine", "grub")])
            let id = try #require(SessionID((created.headers["location"] ?? "").dropFirst(10)))
            let changes = site.queue.changes()
            try await site.advance(to: .running)
            for await _ in changes where try await site.queue.session(id)?.mail != nil { break }
            #expect(try await alice.get("/sessions/\(id)").body.contains("The mail with the link was not sent"))
            let job = try #require(try await site.queue.job("\(id)-mail-ready"))
            #expect(job.state == .later && job.attempt == 1)
        }
    }

    @Test func `a page does not speak of a mail that nobody got`() async throws {
        try await withSite(signIn: SignInOptions()) { site in
            try await site.hostUp()
            let id = try await order(site)
            try await site.advance(to: .running)
            _ = try await site.queue.stop(id)
            let job = try #require(try await Self.take(site))
            try await Self.mailer(site).send(job)
            #expect(try await site.queue.job(job.claim.job)?.state == .done)
            let session = try #require(try await site.queue.session(id))
            #expect(session.state == .stopping && session.mail == nil)
        }
    }

    @Test func `the mail before the end changes nothing of what the page says of the link`() async throws {
        try await withSite(signIn: SignInOptions()) { site in
            try await site.hostUp()
            let id = try await order(site)
            try await site.advance(to: .running)
            let ready = try #require(try await Self.take(site))
            _ = try await site.queue.fail(ready.claim, .permanent, message: "no such mailbox", delay: .zero)
            // As if the session were about to end.
            _ = try await site.queue.redis.send(["ZADD", "qwd:sessions:warning", "1", id.text])
            _ = try await site.queue.tick(loadCheck: .zero, lease: .seconds(30))
            let ending = try #require(try await Self.take(site))
            #expect(ending.topic == "ending")
            _ = try await site.queue.fail(ending.claim, .transient, message: "busy", delay: .zero)
            #expect(try await site.queue.session(id)?.mail == "no such mailbox")
            try await site.queue.finish(try #require(try await Self.take(site)).claim, sent: true)
            #expect(try await site.queue.session(id)?.mail == "no such mailbox")
        }
    }

    /// The code in the only mail with one. The site's own mailer has it by now, or will: look at what it was given.
    private static func mailedCode(_ site: TestSite, topic: String, to address: String? = nil) async throws -> String {
        let name = try #require(
            try await site.queue.redis.send(["KEYS", "qwd:job:mail-*"]).array?.first?.string)
        let sealed = try #require(try await site.queue.redis.send(["HGET", name, "sealed"]).string)
        let job = ClaimedJob(
            claim: Claim(job: String(name.dropFirst(8)), kind: .mail, session: nil, fence: 0, attempt: 1),
            topic: topic, sealed: sealed)
        let message = try #require(try await mailer(site).letter(for: job))
        if let address { #expect(message.to.address.text == address) }
        let code = try #require(message.text.firstMatch(of: /code is (\d{6})\./).map { String($0.1) })
        #expect(!message.subject.contains(code) && !sealed.contains(code))
        return code
    }

    @Test func `a mailed code signs in without a password, and nobody finds it in Redis`() async throws {
        let options = SignInOptions(emailDomains: ["example.org"])
        try await withSite(signIn: options) { site in
            // Without a mail server nobody is promised a code.
            let reply = try await Browser(site).signIn("carol@example.org", "")
            #expect(reply.status == 401)
        }
        let server = try Self.post()
        try await withSite(signIn: options, post: server) { site in
            try await site.hostUp()
            #expect(try await Browser(site).signIn("carol@example.com", "").status == 401, "another domain")
            let carol = Browser(site)
            #expect(try await carol.signIn("Carol@example.org", "").headers["location"] == "/sign-in/code")
            let code = try await Self.mailedCode(site, topic: "mailed-link")
            try await carol.get("/sign-in/code")
            #expect(!carol.page.contains(code))
            #expect(try await carol.post("/sign-in/code", [("code", code)]).status == 303)
            // By default such a person gets one-shot sessions only.
            try await carol.get("/")
            _ = try await carol.post("/sessions", [("machine", "grub")])
            let session = try #require(try await site.queue.sessions().first)
            #expect(session.request.owner == "carol@example.org" && session.request.oneShot)
        }
    }

    @Test func `where an app is wanted a mailed code alone lets nobody in`() async throws {
        let options = SignInOptions(secondFactor: .totp, emailDomains: ["example.org"])
        try await withSite(signIn: options, post: try Self.post()) { site in
            let carol = Browser(site)
            #expect(try await carol.signIn("carol@example.org", "").status == 303)
            let code = try await Self.mailedCode(site, topic: "mailed-link")
            try await carol.get("/sign-in/code")
            #expect(try await carol.post("/sign-in/code", [("code", code)]).headers["location"] == "/sign-in/code")
            #expect(carol.cookies["qwd-login"] == nil)
            try await carol.get("/sign-in/code")
            let secret = try #require(carol.appSecret)
            let app = try #require(TOTP(base32: Secret(secret)))
            #expect(try await carol.post("/sign-in/code", [("code", code)]).status == 401, "it is no code of the app")
            let right = app.code(in: TOTP.step(at: Date()))
            #expect(try await carol.post("/sign-in/code", [("code", right)]).body.contains("id=\"codes\""))
            #expect(try await carol.get("/account").status == 200)
        }
    }

    @Test func `what stands behind a plus makes no second person`() async throws {
        try await withSite(signIn: SignInOptions(emailDomains: ["example.org"]), post: try Self.post()) { site in
            let reply = try await Browser(site).signIn("carol+one@example.org", "")
            #expect(reply.status == 401)
            let mails = try await site.queue.redis.send(["KEYS", "qwd:job:mail-*"])
            #expect(mails.array == [])
        }
    }

    @Test func `with a mailed second factor a password alone lets nobody in`() async throws {
        let options = SignInOptions(secondFactor: .email, emailDomains: [])
        try await withSite(signIn: options, post: try Self.post()) { site in
            try await site.hostUp()
            // The password is right, but there is nowhere to mail a code to.
            let bo = Browser(site)
            #expect(try await bo.signIn("bo").status == 403)
            #expect(bo.page.contains("no e-mail address of yours"))
            #expect(try await site.queue.redis.send(["KEYS", "qwd:job:mail-*"]).array == [])

            let bob = Browser(site)
            #expect(try await bob.signIn("bob", "wrong").status == 401)
            #expect(try await bob.signIn("bob").headers["location"] == "/sign-in/code")
            #expect(try await bob.get("/account").headers["location"]?.hasPrefix("/sign-in") == true)
            let code = try await Self.mailedCode(site, topic: "mailed-code", to: "bob@example.org")
            try await bob.get("/sign-in/code")
            #expect(!bob.page.contains(code))
            let wrong = code == "123456" ? "654321" : "123456"
            #expect(try await bob.post("/sign-in/code", [("code", wrong)]).status == 401)
            #expect(try await bob.post("/sign-in/code", [("code", code)]).status == 303)
            #expect(try await bob.get("/account").status == 200)
            // It has worked once.
            let other = Browser(site)
            #expect(try await other.signIn("bob").status == 303)
            try await other.get("/sign-in/code")
            #expect(try await other.post("/sign-in/code", [("code", code)]).status == 401)
        }
    }
}
