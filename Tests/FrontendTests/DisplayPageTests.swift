import Domain
import Foundation
@testable import Frontend
import Queue
import Secrets
import Testing

/// The page that shows a desktop, for whoever has its link.
@Suite(.timeLimit(.minutes(1)))
struct DisplayPageTests {
    /// A running session of somebody who is not who asks.
    private func running(_ site: TestSite) async throws -> (id: SessionID, token: String) {
        try await site.hostUp()
        let id = SessionID(milliseconds: 7)
        let request = SessionRequest(
            owner: "alice", machine: "grub", resources: Resources(cpu: 1, memoryMiB: 1024, diskGiB: 10),
            lifetimeSeconds: 3600, oneShot: false)
        _ = try await site.queue.enqueue(
            site.secret.sealed(request, for: id), from: "test", limits: .none, id: id, job: JobID(milliseconds: 7))
        let claim = try await site.advance(to: .running)
        return (id, site.secret.token(session: id, fence: claim.fence))
    }

    @Test func `a stranger's page is the same for a session that runs, that ended, and that never was`() async throws {
        try await withSite(signIn: SignInOptions()) { site in
            let (id, token) = try await running(site)
            func ask(_ id: SessionID) async throws -> HTTPClient.Reply {
                var page = try await site.http.get("/sessions/\(id)/display")
                page.body.replace(id.text, with: "ID")
                // New for every stranger who comes without one.
                page.headers["set-cookie"] = nil
                // The second may change between two answers.
                page.headers["date"] = nil
                return page
            }
            let page = try await ask(id)
            #expect(page.status == 200 && page.headers["cache-control"] == "no-store")
            for word in ["viewer.example", "grub", "alice", token, "<script>", "style="] {
                #expect(!page.body.contains(word))
            }
            let unknown = try await ask(SessionID(milliseconds: 99))
            #expect(unknown.body == page.body)
            #expect(unknown.headers == page.headers)
            _ = try await site.queue.stop(id)
            try await site.queue.finish(try #require(try await site.claim()))
            let ended = try await ask(id)
            #expect(ended.body == page.body)
            #expect(ended.headers == page.headers)
            #expect(try await site.http.get("/sessions/nonsense/display").status == 404)
        }
    }

    @Test func `the page may connect to the displays of all live hosts`() async throws {
        try await withSite { site in
            for (host, url) in [
                ("b", "http://b.example:6080"), ("a", "https://a.example/displays"), ("c", "http://b.example:6080"),
                ("odd", "http://host;script-src *"),
            ] {
                var status = TestSite.host
                status.displayURL = url
                try await site.hostUp(host, status)
            }
            let path = "/sessions/\(SessionID(milliseconds: 99))/display"
            let policy = try await site.http.get(path).headers["content-security-policy"] ?? ""
            #expect(
                policy.contains(
                    "; connect-src 'self' ws://b.example:6080/display wss://a.example/displays/display; "))
            #expect(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"))
            let other = try await site.http.get("/manage").headers["content-security-policy"]
            #expect(other?.contains("connect-src 'self';") == true)
        }
    }

    @Test(arguments: [
        (["ws://[::1]:6080/display", "ws://host:6080/display"], "ws: ws://host:6080/display"),
        (["wss://[fd00::1]/display"], "wss:"), (["ws://under_score:6080/display"], "ws:"),
        ((1...33).map { "ws://host-\($0):6080/display" } + ["wss://host/display"], "ws: wss:"),
    ])
    func `what a policy can't name, and more than it should, is allowed by its scheme`(
        displays: [String], sources: String
    ) {
        #expect(SecurityHeaders.policy(connect: displays).contains("; connect-src 'self' \(sources); "))
    }

    @Test func `a display of a host that came up this moment is there, and the page may connect to it`() async throws {
        try await withSite(freshness: .seconds(600)) { site in
            let path = "/sessions/\(SessionID(milliseconds: 99))/display"
            let before = try await site.http.get(path).headers["content-security-policy"]
            #expect(before?.contains("viewer.example") == false)
            let (id, token) = try await running(site)
            let state = try await site.http.get("/sessions/\(id)/display/state", headers: [("Display-Token", token)])
            #expect(state.body.contains(#""display":"ws://viewer.example:6080/display""#), "\(state.body)")
            let after = try await site.http.get(path).headers["content-security-policy"]
            #expect(after?.contains("ws://viewer.example:6080/display") == true)
        }
    }

    @Test func `a display is where its host says now`() async throws {
        try await withSite { site in
            let (id, token) = try await running(site)
            var status = TestSite.host
            status.displayURL = "http://moved.example"
            try await site.hostUp("host-a", status)
            let state = try await site.http.get("/sessions/\(id)/display/state", headers: [("Display-Token", token)])
            #expect(state.body.contains(#""display":"ws://moved.example/display""#))
        }
    }

    @Test func `only the token tells what became of the session`() async throws {
        try await withSite(signIn: SignInOptions()) { site in
            let (id, token) = try await running(site)
            let path = "/sessions/\(id)/display/state"
            func ask(_ token: String?) async throws -> HTTPClient.Reply {
                try await site.http.get(path, headers: token.map { [("Display-Token", $0)] } ?? [])
            }
            for wrong in [nil, "", "x", String(token.dropLast()), token + "a", token.lowercased() + " "] {
                #expect(try await ask(wrong).status == 404)
            }
            #expect(
                try await site.http.get("\(path)?token=\(token)").status == 404, "no address is a place for a token")
            let open = try await ask(token)
            #expect(open.body.contains(#""state":"open""#) && open.body.contains(#""machine":"grub""#))
            #expect(open.body.contains(#""display":"ws://viewer.example:6080/display""#))
            _ = try await site.queue.stop(id)
            #expect(try await ask(token).body.contains(#""state":"stopping""#))
            let claim = try #require(try await site.claim())
            try await site.queue.finish(claim)
            let over = try await ask(token).body
            #expect(over.contains(#""state":"ended""#) && over.contains(#""display":null"#))
            #expect(!site.log.lines.contains { $0.contains(token) }, "no line of a log has a token")
        }
    }

    // MARK: noVNC

    private static let hasNoVNC = FileManager.default.fileExists(atPath: "/usr/share/novnc/core/rfb.js")

    @Test(.enabled(if: hasNoVNC, "novnc isn't installed"))
    func `noVNC comes from here, kept for a year and compressed`() async throws {
        try await withSite { site in
            let page = try await site.http.get("/sessions/\(SessionID(milliseconds: 99))/display").body
            let start = try #require(page.firstRange(of: "data-novnc=\"")?.upperBound)
            let module = String(page[start...].prefix { $0 != "\"" })
            #expect(module.hasSuffix("/core/rfb.js"))
            let plain = try await site.http.get(module)
            #expect(plain.status == 200 && plain.body.contains("export default class RFB"))
            #expect(plain.headers["content-type"] == "text/javascript; charset=utf-8")
            #expect(plain.headers["cache-control"] == "public, max-age=31536000, immutable")
            #expect(plain.headers["x-content-type-options"] == "nosniff")
            #expect(plain.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
            let packed = try await site.http.get(module, headers: [("Accept-Encoding", "br, gzip")])
            #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["vary"] == "Accept-Encoding")
            let lengths = try [packed, plain].map { try #require(Int($0.headers["content-length"] ?? "")) }
            #expect(lengths[0] < lengths[1] / 2)
            let tag = try #require(plain.headers["etag"])
            #expect(try await site.http.get(module, headers: [("If-None-Match", tag)]).status == 304)
            let refused = try await site.http.get(module, headers: [("Accept-Encoding", "gzip;q=0")])
            #expect(refused.headers["content-encoding"] == nil)
            let directory = module.dropLast("rfb.js".count)
            for path in [
                "", "/", "../core", "../vnc.html", "..%2fvnc.html", "../../etc/passwd", "%2e%2e/vnc.html",
                "rfb.js%00",
                "/etc/passwd", "../core/./rfb.js", "..\\vnc.html",
            ] {
                #expect(try await site.http.get(directory + path).status == 404, "\(path)")
            }
        }
    }

    @Test func `only modules are served, and no link leads out of the directory`() throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "qwd-novnc-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let inside = place.appending(path: "novnc/core")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        #expect(NoVNCFiles(directory: place.path + "/novnc").isMissing)
        try Data("x".utf8).write(to: place.appending(path: "secret.js"))
        try Data("x".utf8).write(to: inside.appending(path: "rfb.js"))
        try Data("x".utf8).write(to: inside.appending(path: "notes.txt"))
        for (name, target) in [("out.js", "../../secret.js"), ("in.js", "rfb.js"), ("etc.js", "/etc/passwd")] {
            try FileManager.default.createSymbolicLink(
                atPath: inside.appending(path: name).path, withDestinationPath: target)
        }
        let files = NoVNCFiles(directory: place.path + "/novnc")
        #expect(!files.isMissing)
        #expect(files.paths == ["core/in.js", "core/rfb.js"])
    }
}
