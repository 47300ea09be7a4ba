import Domain
@testable import Frontend
import Queue
import Secrets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CreateTests {
    @Test func `a graphics card is offered where a host has one, and asked for`() async throws {
        try await withSite { site in
            try await site.hostUp()
            #expect(try await !site.http.get("/").body.contains("name=\"gpu\""))
            var host = TestSite.host
            host.capacity[.gpu] = 1
            try await site.hostUp("host-a", host)
            // What was offered a moment ago is offered for a moment.
            while try await !site.http.get("/").body.contains("name=\"gpu\"") {
                try await Task.sleep(for: .milliseconds(20))
            }
            let id = try await site.create([("machine", "grub"), ("gpu", "1")])
            #expect(try await site.queue.session(id)?.request.resources.gpu == 1)
            #expect(try await site.http.get("/sessions/\(id)").body.contains("1 graphics processor"))
            let none = try await site.create()
            #expect(try await site.queue.session(none)?.request.resources.gpu == 0)
        }
    }

    @Test func `a form makes a session with what was asked for`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create([
                ("user", "ada"), ("password", "x"), ("machine", "debian-desktop"), ("cpu", "4"), ("memory", "0.5"),
                ("snapshot_lifetime", "43200"), ("oneshot", "1"), ("create", "Create"),
            ])
            let session = try #require(try await site.queue.session(id))
            let wanted = SessionRequest(
                owner: "ada", machine: "debian-desktop", resources: Resources(cpu: 4, memoryMiB: 2048, diskGiB: 10),
                lifetimeSeconds: 43_200, oneShot: true)
            #expect(session.request == site.secret.sealed(wanted, for: id), "the machine needs 2048 MiB and gets them")
        }
    }

    @Test func `what is missing has its default and nobody is called guest`() async throws {
        try await withSite(FrontendOptions(defaultMachine: "grub", defaultMemoryMiB: 2048)) { site in
            try await site.hostUp()
            let session = try #require(try await site.queue.session(try await site.create([])))
            #expect(session.request.owner == "guest")
            #expect(session.request.machine == "grub")
            #expect(session.request.memoryMiB == 2048)
            #expect(session.request.lifetimeSeconds == 345_600)
            #expect(!session.request.oneShot)
        }
    }

    @Test func `multipart and JSON bodies mean the same as a form`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let multipart = """
                --XX\r\nContent-Disposition: form-data; name="machine"\r\n\r\ngrub\r\n\
                --XX\r\nContent-Disposition: form-data; name="cpu"\r\n\r\n2\r\n--XX--\r\n
                """
            let first = try await site.http.send(
                "POST", "/sessions", headers: [("Content-Type", "multipart/form-data; boundary=XX")],
                body: Array(multipart.utf8))
            #expect(first.status == 303)
            let second = try await site.http.send(
                "POST", "/sessions", headers: [("Content-Type", "application/json"), ("Accept", "application/json")],
                body: Array(#"{"machine":"grub","cpu":2,"oneshot":false,"memory":null}"#.utf8))
            #expect(second.status == 201)
            #expect(second.body.hasPrefix(#"{"id":""#))
            let sessions = try await site.queue.sessions()
            #expect(sessions.count == 2)
            #expect(sessions.allSatisfy { $0.request.machine == "grub" && $0.request.cpu == 2 })
        }
    }

    @Test func `a double click and a reload make one session`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let page = try await site.http.get("/")
            let start = try #require(page.body.firstRange(of: "name=\"nonce\" value=\"")).upperBound
            let nonce = String(page.body[start...].prefix { $0 != "\"" })
            let fields = [("machine", "grub"), ("nonce", nonce)]
            async let first = site.create(fields)
            async let second = site.create(fields)
            let third = try await site.create(fields)
            #expect(try await first == third)
            #expect(try await second == third)
            #expect(try await site.queue.sessions().count == 1)
        }
    }

    @Test func `two people whose forms have the same number get a session each`() async throws {
        try await withSite { site in
            try await site.hostUp()
            for user in ["ada", "bob", "ada"] {
                _ = try await site.create([("machine", "grub"), ("user", user), ("nonce", "12345678")])
            }
            #expect(try await site.queue.sessions().map(\.request.owner).sorted() == ["ada", "bob"])
        }
    }

    @Test func `a limit answers 429 in words, keeps what was typed, and not the password`() async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.limits.sessionsPerUser = 1
        try await withSite(options) { site in
            try await site.hostUp()
            let browser = Browser(site)
            try await browser.get("/")
            #expect(try await browser.post("/sessions", [("machine", "grub"), ("user", "ada")]).status == 303)
            let fields = [("machine", "grub"), ("user", "ada"), ("password", "hunter2"), ("cpu", "2")]
            let refused = try await browser.post("/sessions", fields)
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
            #expect(refused.body.contains("You have 1 of 1 sessions. Stop one of your sessions and try again."))
            #expect(refused.body.contains("value=\"ada\""))
            #expect(!refused.body.contains("hunter2"))
            // Another browser has a session of its own, and a program that keeps no cookies one of its address.
            let other = Browser(site)
            try await other.get("/")
            #expect(try await other.post("/sessions", [("machine", "grub"), ("user", "ada")]).status == 303)
            _ = try await site.create(fields)
            let json = try await site.http.post("/sessions", fields, headers: [("Accept", "application/json")])
            #expect(json.status == 429)
            #expect(json.body.contains(#""error":"limit""#))
            #expect(json.body.contains("Your address has 1 of 1 sessions.") && !json.body.contains("Stop one"))
            #expect(try await site.queue.sessions().count == 3)
        }
    }

    @Test func `more than the largest host has is refused beside its field`() async throws {
        try await withSite(FrontendOptions(memoryChoicesMiB: [65_536])) { site in
            try await site.hostUp()
            let refused = try await site.http.post("/sessions", [("machine", "grub"), ("memory", "64")])
            #expect(refused.status == 422)
            #expect(refused.body.contains("id=\"memory-problem\""))
            #expect(refused.body.contains("No host can give that: the largest has 15 GiB."))
        }
    }

    @Test func `every wrong field is named at once and the summary gets the focus`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let fields = [
                ("machine", "nope"), ("user", "a b"), ("cpu", "-1"), ("memory", "a lot"), ("snapshot_lifetime", "0x10"),
                ("oneshot", "maybe"), ("gpu", "gpu"), ("config_script", "rm -rf /"), ("password", "hunter2"),
            ]
            let page = try await site.http.post("/sessions", fields)
            #expect(page.status == 422)
            #expect(page.body.contains("8 things need a change"))
            #expect(page.body.contains("role=\"alert\" tabindex=\"-1\" autofocus"))
            #expect(page.body.contains("value=\"a b\""))
            #expect(!page.body.contains("hunter2"))
            let json = try await site.http.post("/sessions", fields, headers: [("Accept", "application/json")])
            for name in fields.dropLast().map(\.0) { #expect(json.body.contains("\"\(name)\":\""), "\(name)") }
            #expect(!json.body.contains("\"password\""))
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test func `a body of more than 65535 bytes is refused`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let reply = try await site.http.post("/sessions", [("machine", String(repeating: "a", count: 66_000))])
            #expect(reply.status == 413)
            #expect(reply.body.contains("65535 bytes"))
        }
    }
}
