import Domain
@testable import Frontend
import Logins
import Queue
import Redis
import Secrets
import Testing

/// Boot scripts that people give in the form, and what the page says of them.
@Suite(.timeLimit(.minutes(2)))
struct ScriptTests {
    private static var options: FrontendOptions {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.scriptsFromForm = ["admins"]
        return options
    }
    private static let signIn = SignInOptions(admins: [], emailDomains: [])
    private static let field = "config_script"

    private func id(_ reply: HTTPClient.Reply) throws -> SessionID {
        #expect(reply.status == 303, "\(reply.body.suffix(2000))")
        return try #require(SessionID((reply.headers["location"] ?? "").dropFirst(10)))
    }

    @Test func `pass at their full length, whatever that is encoded as, and are sealed`() async throws {
        try await withSite(Self.options, signIn: Self.signIn) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("root")
            #expect(try await browser.get("/").body.contains("<textarea id=\"config_script\""))
            // Each of its bytes is sent as three.
            let text = "#!/bin/sh\n" + String(repeating: "%", count: 65_535 - 10)
            let id = try id(try await browser.post("/sessions", [("machine", "grub"), (Self.field, text)]))
            let session = try #require(try await site.queue.session(id))
            #expect(session.request.hasScript && session.request.groups == ["cn=admins"])
            let payload = try #require(try await site.queue.payload(of: id))
            #expect(!payload.contains("%%"))
            #expect(site.secret.unseal(payload, for: .script, beside: id.text)?.revealed == text)
            // Another session's is not this one's.
            #expect(site.secret.unseal(payload, for: .script, beside: "x") == nil)
            for key in try await site.queue.redis.send(["KEYS", "*"]).array?.compactMap(\.string) ?? [] {
                #expect(!key.contains("%%"))
            }
            #expect(site.log.lines.allSatisfy { !$0.contains("%%") })
            let refused = try await browser.post("/sessions", [("machine", "grub"), (Self.field, text + "%")])
            #expect(refused.status == 422 && refused.body.contains("has 65536 bytes, and may have 65535"))
            #expect(refused.body.contains("%%%"), "what was typed is there again")
        }
    }

    @Test(arguments: [
        ("rm -rf /", "begins with exec:"), ("exec: a\u{0}b", "can"), ("ftp://example.org/x", "begins with exec:"),
    ])
    func `that are none are asked back`(text: String, says: String) async throws {
        try await withSite(Self.options, signIn: Self.signIn) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("root")
            try await browser.get("/")
            let refused = try await browser.post("/sessions", [("machine", "grub"), (Self.field, text)])
            #expect(refused.status == 422 && refused.body.contains("id=\"script-problem\""), "\(refused.status)")
            #expect(refused.body.contains(says))
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test func `are for nobody who was not named`() async throws {
        try await withSite(Self.options, signIn: Self.signIn) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("bob")
            #expect(try await !browser.get("/").body.contains("config_script"))
            let refused = try await browser.post("/sessions", [("machine", "grub"), (Self.field, "exec: id")])
            #expect(refused.status == 422 && refused.body.contains("is not available on this server"))
            // Nor is there room for one.
            let long = String(repeating: "x", count: 70_000)
            #expect(try await browser.post("/sessions", [("machine", "grub"), (Self.field, long)]).status == 413)
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test func `get a password where that is asked for, which nobody keeps`() async throws {
        var options = Self.options
        options.asksScriptPassword = true
        try await withSite(options, signIn: Self.signIn) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("bob")
            let form = try await browser.get("/").body
            #expect(form.contains("name=\"script_password\" type=\"password\"") && !form.contains("config_script"))
            let secret = "hunter2 <%>"
            let refused = try await browser.post(
                "/sessions", [("machine", "grub"), ("script_password", secret), ("cpu", "x")])
            #expect(refused.status == 422 && !refused.body.contains("hunter2"), "it is typed again")
            let long = String(repeating: "y", count: 257)
            #expect(
                try await browser.post("/sessions", [("machine", "grub"), ("script_password", long)]).body
                    .contains("has at most 256 bytes"))
            let id = try id(try await browser.post("/sessions", [("machine", "grub"), ("script_password", secret)]))
            let session = try #require(try await site.queue.session(id))
            #expect(session.request.hasScript)
            let payload = try #require(try await site.queue.payload(of: id))
            let text = try #require(site.secret.unseal(payload, for: .script, beside: id.text))
            #expect(BootScriptPayload(text) == BootScriptPayload(password: Secret(secret)))
            #expect(!payload.contains("hunter2") && site.log.lines.allSatisfy { !$0.contains("hunter2") })
            #expect(try await !browser.get("/sessions/\(id)").body.contains("hunter2"))
        }
    }

    @Test func `show what came of them, once each, and never their text`() async throws {
        var options = Self.options
        options.scriptsFromForm = ["*"]
        try await withSite(options) { site in
            try await site.hostUp()
            let id = try await site.create([("machine", "grub"), (Self.field, "exec: echo '<b>'")])
            #expect(try await site.http.get("/sessions/\(id)").body.contains("Will run when the system is up."))
            let claim = try await site.advance(to: .display)
            try await site.queue.finish(claim, displayURL: "http://127.0.0.1:6080")
            var reader = EventReader(try await site.http.open("GET", "/sessions/\(id)/events", headers: []))
            let results = [
                BootScriptResult(number: 1, count: 2, code: 0, lastLine: "<b>"),
                BootScriptResult(number: 2, count: 2, code: 127, lastLine: "not found"),
            ]
            for result in results { #expect(try await site.queue.scripted(id, fence: claim.fence, result)) }
            // A worker that has begun anew tells all of it again.
            for result in results { #expect(try await !site.queue.scripted(id, fence: claim.fence, result)) }
            #expect(try await !site.queue.scripted(id, fence: claim.fence + 1, results[0]))
            let session = try #require(try await site.queue.session(id))
            #expect(session.scripts == results)
            let page = try await site.http.get("/sessions/\(id)").body
            #expect(page.contains("1 of 2: done<br><code>&lt;b&gt;</code>"))
            #expect(page.contains("2 of 2: failed with code 127"))
            while let event = try await reader.next(), !event.data.contains("failed with code 127") {}
            let acts = try await site.queue.events(of: id)
            #expect(acts.count { $0.fields["scripts"] != nil } == 2)
        }
    }
}
