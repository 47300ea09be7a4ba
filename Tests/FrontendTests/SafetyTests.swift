import Domain
@testable import Frontend
import Queue
import Secrets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SafetyTests {
    @Test func `every answer carries the headers that keep strangers out`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/", "/manage", "/sessions/\(id)", "/nowhere", "/assets/style.css", "/healthz"] {
                let reply = try await site.http.get(path)
                // A session's page reaches its exchange folder where displays are.
                let hosts = path.hasPrefix("/sessions/") ? ["ws://viewer.example:6080/display"] : []
                #expect(reply.headers["content-security-policy"] == SecurityHeaders.policy(connect: hosts))
                #expect(reply.headers["x-content-type-options"] == "nosniff")
                #expect(reply.headers["referrer-policy"] == "same-origin")
                #expect(!reply.body.contains(" style=\""), "\(path): the policy forbids it")
                #expect(!reply.body.contains("<script>"), "\(path): the policy forbids it")
            }
        }
    }

    @Test(arguments: [
        [("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")], [("Origin", "http://127.0.0.1:1")],
    ])
    func `another site's page changes nothing here`(headers: [(String, String)]) async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/sessions/\(id)/stop", "/sessions/\(id)/extend", "/sessions"] {
                let reply = try await site.http.post(path, [("machine", "grub")], headers: headers)
                #expect(reply.status == 403)
                #expect(reply.body.contains("this came from another site"))
            }
            #expect(try await site.queue.session(id)?.state == .queued)
            #expect(try await site.queue.sessions().count == 1)
        }
    }

    @Test func `our own pages may, also behind a proxy that an administrator named`() async throws {
        try await withSite(FrontendOptions(publicURL: "https://desk.example.org/qwd/", defaultMemoryMiB: 1024)) {
            site in
            try await site.hostUp()
            let form = try await site.http.get("/")
            let cookie = ("Cookie", String(form.setCookies[0].prefix { $0 != ";" }))
            let token = try #require(form.body.firstMatch(of: /name="csrf" value="([^"]+)"/).map { String($0.1) })
            for headers in [
                [("Origin", "https://desk.example.org")], [("Origin", "http://127.0.0.1:\(site.http.port)")],
                [("Sec-Fetch-Site", "same-origin")], [("Sec-Fetch-Site", "none")], [],
            ] {
                let reply = try await site.http.post(
                    "/sessions", [("machine", "grub"), ("csrf", token)], headers: headers + [cookie])
                #expect(reply.status == 303)
                if !headers.isEmpty {
                    let bare = try await site.http.post("/sessions", [("machine", "grub")], headers: headers + [cookie])
                    #expect(bare.status == 403, "a browser has to show that a form of ours was sent")
                }
                #expect(reply.headers["location"]?.hasPrefix("/qwd/sessions/") == true)
                #expect(reply.headers["set-cookie"]?.contains("Secure") == true)
            }
            let page = try await site.http.get("/").body
            #expect(page.contains("action=\"/qwd/sessions\""))
            #expect(page.contains("href=\"/qwd/assets/style.css?v="))
        }
    }

    @Test func `no secret gets into the log`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create([("machine", "grub"), ("password", "hunter2"), ("user", "ada")])
            let claim = try await site.advance(to: .running)
            let token = site.secret.token(session: id, fence: claim.fence)
            #expect(try await site.http.get("/sessions/\(id)?password=hunter2").body.contains(token))
            _ = try await site.http.get("/sessions/\(id)/connect?token=\(token)")
            _ = try await site.http.get("/nowhere?password=hunter2")
            _ = try await site.http.post("/sessions?password=hunter2", [("password", "hunter2")])
            let log = site.log.lines.joined(separator: "\n")
            #expect(log.contains("http.route=/sessions/{sid}"))
            #expect(log.contains("http.status=404"))
            #expect(!log.contains("hunter2"))
            #expect(!log.contains(token))
            #expect(!log.contains("vnc.html"))
        }
    }

    @Test func `files are kept by browsers until they change`() async throws {
        try await withSite { site in
            let page = try await site.http.get("/").body
            let start = try #require(page.firstRange(of: "/assets/style.css?v=")).lowerBound
            let path = String(page[start...].prefix { $0 != "\"" })
            let first = try await site.http.get(path)
            #expect(first.headers["cache-control"] == "public, max-age=31536000, immutable")
            let again = try await site.http.get(path, headers: [("If-None-Match", try #require(first.headers["etag"]))])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(try await site.http.get("/assets/style.css?v=old").headers["cache-control"] == "public, max-age=60")
        }
    }
}
