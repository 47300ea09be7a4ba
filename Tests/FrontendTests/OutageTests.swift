import Domain
@testable import Frontend
import Queue
import Redis
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct OutageTests {
    @Test func `without Redis every page says so, and all is well when it is back`() async throws {
        try await withSite(appendOnly: true) { site in
            try await site.hostUp()
            let id = try await site.create()
            #expect(try await site.http.get("/").status == 200)
            site.server.kill()
            for path in ["/manage", "/sessions/\(id)", "/sessions/\(id)/status", "/metrics", "/readyz"] {
                let reply = try await site.http.get(path)
                #expect(reply.status == 503, "\(path)")
                #expect(reply.headers["retry-after"] == "5", "\(path)")
            }
            let page = try await site.http.get("/manage")
            #expect(page.body.contains("Running desktops are not affected"))
            #expect(page.body.contains("http-equiv=\"refresh\""))
            let posted = try await site.http.post("/sessions", [("machine", "grub")])
            #expect(posted.status == 503)
            #expect(!posted.body.contains("http-equiv=\"refresh\""), "a form is not sent again by itself")
            let form = try await site.http.get("/")
            #expect(form.status == 503)
            #expect(form.body.contains("The queue does not answer"))
            #expect(form.body.contains("value=\"grub\""), "the machines are remembered")
            #expect(try await site.http.get("/healthz").status == 200)
            try await site.server.restart()
            #expect(try await site.http.get("/readyz").status == 200)
            #expect(try await site.http.get("/").status == 200)
            #expect(try await site.http.get("/sessions/\(id)").status == 200, "nothing is lost")
            _ = try await site.create()
        }
    }

    @Test(arguments: [
        (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], "READONLY"),
        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"),
        (
            ["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"],
            "NOREPLICAS"
        ),
        (["ACL", "SETUSER", "default", "-xadd"], ["ACL", "SETUSER", "default", "+@all"], "NOPERM"),
        (
            ["ACL", "SETUSER", "default", "resetchannels"], ["ACL", "SETUSER", "default", "allchannels"],
            "qwd:status"
        ),
    ])
    func `a Redis that answers and takes no writes is not ready, and says why`(
        refuse: [String], allow: [String], word: String
    ) async throws {
        try await withSite(FrontendOptions(freshness: .zero)) { site in
            try await site.hostUp()
            #expect(try await site.http.get("/readyz").status == 200)
            _ = try await site.queue.redis.send(refuse)
            let reply = try await site.http.get("/readyz")
            #expect(reply.status == 503 && reply.headers["retry-after"] == "5")
            #expect(reply.body.contains(word), "\(reply.body)")
            _ = try await site.queue.redis.send(allow)
            #expect(try await site.http.get("/readyz").status == 200)
            _ = try await site.create()
        }
    }

    @Test func `an error has a number that is in the log`() async throws {
        try await withSite { site in
            try await site.hostUp()
            site.server.kill()
            let page = try await site.http.get("/manage").body
            let ids = site.log.lines.filter { $0.contains("The queue does not answer") }
                .compactMap { $0.split(separator: "hb.request.id=").dropFirst().first?.prefix { $0 != " " } }
            #expect(!ids.isEmpty)
            #expect(ids.contains { page.contains($0) })
        }
    }

    @Test func `a port that is taken is said with the way out`() async throws {
        try await withSite { site in
            var options = site.options
            options.listenPort = site.http.port
            let second = Frontend(queue: site.queue, secret: site.secret, options: options, logger: site.log.logger)
            let error = await #expect(throws: FrontendStartError.self) { try await second.run() }
            #expect(error?.description.contains("set frontend.listen to another address") == true)
        }
    }
}
