import Domain
@testable import Frontend
import Queue
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FormTests {
    @Test func `the form shows the machines that hosts offer and the chosen one first`() async throws {
        try await withSite(FrontendOptions(defaultMachine: "grub", defaultMemoryMiB: 1024)) { site in
            try await site.hostUp()
            let page = try await site.http.get("/")
            #expect(page.status == 200)
            #expect(page.body.contains("A desktop to look at"))
            #expect(page.body.contains("Needs 2 processors, 2 GiB"))
            let grub = try #require(page.body.firstRange(of: "value=\"grub\""))
            #expect(page.body[grub.upperBound...].prefix(120).contains("checked"))
            #expect(page.body.components(separatedBy: "type=\"submit\"") == 2, "one button")
        }
    }

    @Test func `without a machine the form says what to do and looks again by itself`() async throws {
        try await withSite { site in
            let page = try await site.http.get("/")
            #expect(page.status == 200)
            #expect(page.body.contains("No machine is ready yet"))
            #expect(page.body.contains("http-equiv=\"refresh\""))
            #expect(!page.body.contains("<form"))
        }
    }

    @Test func `a form that is refused without a machine does not load an address that has no page`() async throws {
        try await withSite { site in
            let refused = try await site.http.post("/sessions", [("machine", "grub")])
            #expect(refused.status == 422)
            #expect(refused.body.contains("No machine is ready yet"))
            #expect(!refused.body.contains("http-equiv=\"refresh\""))
            #expect(!refused.body.contains("data-every"))
            #expect(!refused.body.contains("looks again by itself"))
            #expect(refused.body.contains("class=\"button\" href=\"/\""), "the way back")
        }
    }

    @Test(arguments: [
        "/?user=ada&password=secret&machine=grub&create=Create", "/?cpu=1&memory=1&machine=grub", "/?session_stop=x",
    ])
    func `a GET never creates, whatever its query says`(path: String) async throws {
        try await withSite { site in
            try await site.hostUp()
            #expect(try await site.http.get(path).status == 200)
            #expect(try await site.http.send("HEAD", path).status == 200)
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test func `sizes that no host has are not offered`() async throws {
        try await withSite(FrontendOptions(memoryChoicesMiB: [1024, 65_536], defaultMemoryMiB: 65_536)) { site in
            try await site.hostUp()
            let page = try await site.http.get("/")
            #expect(!page.body.contains("64 GiB"))
            let memory = try #require(page.body.firstRange(of: "name=\"memory\" value=\"1\""))
            #expect(page.body[memory.upperBound...].prefix(12).contains("checked"))
        }
    }

    @Test func `text from a machine's description is text and never markup`() async throws {
        try await withSite { site in
            let evil = "<script>alert(1)</script>\"'&"
            _ = try await site.queue.hostUp("h", status: TestSite.host, living: [])
            try await site.queue.offer(
                [MachineDescription(name: "x\"><b>", summary: evil, kind: "disk", architecture: "<i>")], host: "h")
            let page = try await site.http.get("/")
            #expect(!page.body.contains("<script>alert"))
            #expect(!page.body.contains("<b>"))
            #expect(!page.body.contains("<i>"))
            #expect(page.body.contains("&lt;script&gt;"))
        }
    }

    @Test func `at the second visit the sessions of this browser come first`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let created = try await site.http.post("/sessions", [("machine", "grub"), ("user", "ada")])
            let cookie = try #require(created.headers["set-cookie"])
            #expect(cookie.contains("HttpOnly"))
            #expect(cookie.contains("SameSite=Lax"))
            let value = String(cookie.prefix { $0 != ";" })
            try await site.advance(to: .running)
            let page = try await site.http.get("/", headers: [("Cookie", "other=1; \(value)")])
            #expect(page.body.contains("Your desktops"))
            #expect(page.body.contains("/connect\""))
            #expect(page.body.contains("value=\"ada\""), "the name is filled in")
            let other = try await site.http.get("/")
            #expect(!other.body.contains("Your desktops"))
        }
    }

    @Test(arguments: ["qwd=", "qwd=/", "qwd=ada/zzz.../..", "qwd=%00/%01", "qwd=<b>/0", "=;;=qwd", "qwd=a/b/c"])
    func `a cookie that is not ours is ignored`(cookie: String) async throws {
        try await withSite { site in
            try await site.hostUp()
            #expect(try await site.http.get("/", headers: [("Cookie", cookie)]).status == 200)
        }
    }
}

extension String {
    /// Number of pieces.
    func components(separatedBy separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}
