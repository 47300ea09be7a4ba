import Domain
@testable import Frontend
import Logging
import Testing
import TestSupport

/// Strangers who hold connections, and what others notice of it. Each address of 127.0.0.0/8 is a client of its own.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct StrangerTests {
    /// Time limits that a test can wait for; the table looks once a second.
    static var hasty: FrontendOptions {
        var limits = ConnectionLimits()
        limits.head = .seconds(1)
        limits.idle = .seconds(1)
        limits.body = .seconds(2)
        limits.stall = .seconds(1)
        limits.closing = .seconds(1)
        return FrontendOptions(defaultMemoryMiB: 1024, connections: limits)
    }

    /// Waits until something is so; what it is about has no event to wait for.
    private func eventually(
        _ what: Comment, within limit: Duration = .seconds(20), _ isSo: () async throws -> Bool
    ) async throws {
        let start = ContinuousClock.now
        while try await !isSo() {
            guard start.duration(to: .now) < limit else {
                Issue.record(what)
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The longest of some looks at the form, each on a connection of its own.
    private func slowest(_ site: TestSite, from address: String, of count: Int = 20) async throws -> Duration {
        var client = site.http
        client.from = address
        var slowest = Duration.zero
        for _ in 0..<count {
            let start = ContinuousClock.now
            let reply = try await client.get("/")
            slowest = max(slowest, start.duration(to: .now))
            #expect(reply.status == 200)
        }
        return slowest
    }

    @Test func `a crowd of every kind takes nobody's place, and leaves nothing behind`() async throws {
        Crowd.setDescriptorLimit()
        try await withSite(FrontendOptions(defaultMemoryMiB: 1024)) { site in
            try await site.hostUp()
            let id = try await site.create()
            _ = try await slowest(site, from: "127.0.1.99")
            let memory = Crowd.memory
            let alone = try await slowest(site, from: "127.0.1.99")
            let crowd = Crowd()
            let port = site.http.port
            func join(_ count: Int, _ first: Int, _ addresses: Int, _ text: String, receive: Int32? = nil) throws {
                let start = crowd.sockets.count
                try crowd.join(count, port: port, addresses: addresses, first: first, receive: receive)
                if !text.isEmpty { crowd.say(text, to: start..<crowd.sockets.count) }
            }
            let host = "Host: 127.0.0.1\r\n"
            try join(2000, 2, 20, "")
            try join(500, 30, 10, "GET / HT")
            let slow = crowd.sockets.count - 500..<crowd.sockets.count
            try join(200, 42, 4, "GET / HTTP/1.1\r\n\(host)Accept: ")
            try join(200, 46, 4, "POST /sessions HTTP/1.1\r\n\(host)Content-Length: 500\r\n\r\nabc")
            // More than the system takes of an answer that is not read.
            let asset = String(repeating: "GET /assets/style.css HTTP/1.1\r\n\(host)\r\n", count: 4)
            try join(200, 50, 4, asset, receive: 4096)
            try join(800, 60, 10, "GET /sessions/\(id)/events HTTP/1.1\r\n\(host)\r\n")
            // In a debug build it takes a while until all of them are let in.
            #expect(try await slowest(site, from: "127.0.1.99", of: 1) < .seconds(10))
            var worst = Duration.zero
            for _ in 0..<5 {
                crowd.say("X", to: slow)
                worst = max(worst, try await slowest(site, from: "127.0.1.99"))
            }
            let held = crowd.open
            let grown = Crowd.memory - memory
            print(
                "strangers: \(crowd.sockets.count) came, \(held) are there; slowest page \(alone) alone, \(worst) with them; "
                    + "\(grown) KiB more, both ends")
            // Of a debug build, both ends on two processors; `make bench BENCH=strangers` has the limit for people.
            #expect(worst < .seconds(3))
            #expect(site.log.lines.allSatisfy { !$0.hasPrefix("error") })
            crowd.leave()
            try await eventually("all descriptors are given back") { Crowd.accepted(at: site.http.port) == 0 }
            #expect(try await site.http.get("/metrics").body.contains("qwd_event_streams 0\n"))
        }
    }

    @Test func `one address holds so many, and the next is answered from there all the same`() async throws {
        Crowd.setDescriptorLimit()
        try await withSite { site in
            let crowd = Crowd()
            try crowd.join(1500, port: site.http.port)
            // Who has sent a request is let in before those who are silent, so an answer doesn't say that all of them are in.
            // Each that comes when all places are taken closes another, so this does.
            try await eventually("the others are closed") { crowd.open <= 256 }
            #expect(try await slowest(site, from: "127.0.0.2") < .seconds(1))
            #expect(crowd.open > 200)
            #expect(site.log.lines.count { $0.contains("Connections have reached their limit") } == 1)
        }
    }

    @Test func `where all is held by those who are answered, our own health checks get through`() async throws {
        let options = FrontendOptions(defaultMemoryMiB: 1024, connections: ConnectionLimits(total: 16, perAddress: 8))
        try await withSite(options) { site in
            try await site.hostUp()
            let id = try await site.create()
            let crowd = Crowd()
            // Half of all may listen; the others have sent what can't be answered before it is whole.
            try crowd.join(8, port: site.http.port, addresses: 2)
            crowd.say("GET /sessions/\(id)/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            try await eventually("all listen") { try await site.http.get("/metrics").body.contains("streams 8\n") }
            let others = Crowd()
            try others.join(8, port: site.http.port, addresses: 2, first: 10)
            others.say("POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nabc")
            try await eventually("all are there") {
                try await site.http.get("/metrics").body.contains("connections 17\n")
            }
            let late = Crowd()
            try late.join(1, port: site.http.port, first: 20)
            try await eventually("there is no room for more") { late.open == 0 }
            #expect(others.open + crowd.open == 16)
            for path in ["/healthz", "/readyz"] { #expect(try await site.http.get(path).status == 200) }
        }
    }

    @Test(arguments: [
        ("", ""), ("GET / HT", "X"), ("POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n", ""),
        ("POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n", "x"),
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", ""),
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "X"),
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", ""),
        ("GET /healthz HTTP/1.0\r\n\r\n", ""),
        ("nonsense\r\n\r\n", ""),
    ])
    func `who keeps us waiting is ended`(first: String, then: String) async throws {
        try await withSite(Self.hasty) { site in
            let crowd = Crowd()
            try crowd.join(5, port: site.http.port, addresses: 5)
            crowd.say(first)
            let start = ContinuousClock.now
            try await eventually("they are ended", within: .seconds(10)) {
                crowd.say(then)
                return crowd.open == 0
            }
            #expect(start.duration(to: .now) < .seconds(8))
            try await eventually("the table is empty") {
                try await site.http.get("/metrics").body.contains("connections 1\n")
            }
        }
    }

    @Test func `who does not read the answer is ended, and so is who does not read events`() async throws {
        try await withSite(Self.hasty) { site in
            try await site.hostUp()
            let id = try await site.create()
            let crowd = Crowd()
            try crowd.join(5, port: site.http.port, addresses: 5, receive: 4096)
            let asset = "GET /assets/style.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            for _ in 0..<20 { crowd.say(String(repeating: asset, count: 100)) }
            let listeners = Crowd()
            try listeners.join(1, port: site.http.port, first: 20, receive: 4096)
            listeners.say("GET /sessions/\(id)/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            try await eventually("they are ended") { crowd.open == 0 }
            // A listener that nothing has to be sent to is no trouble.
            #expect(listeners.open == 1)
        }
    }

    @Test func `a handshake of TLS takes no longer than a head`() async throws {
        let files = TemporaryCertificate()
        try files.make("desk")
        defer { files.remove() }
        let certificate = try Certificate(chain: files.chain, key: files.key, logger: Logger(label: "test"))
        var options = Self.hasty
        options.tls = true
        try await withSite(options, certificate: certificate) { site in
            let crowd = Crowd()
            try crowd.join(20, port: site.http.port, addresses: 5)
            crowd.say("\u{16}\u{3}\u{1}", to: 0..<10)
            // So that what is said at the end is no accident.
            try await eventually("they are there") { Crowd.accepted(at: site.http.port) > 0 }
            try await eventually("they are ended", within: .seconds(10)) { crowd.open == 0 }
            try await eventually("nothing is left") { Crowd.accepted(at: site.http.port) == 0 }
        }
    }

    @Test func `twenty thousand requests at once are answered in their order`() async throws {
        try await withSite { site in
            let many = String(repeating: "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", count: 20_000)
            let last = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            let start = ContinuousClock.now
            let reply = try await site.http.raw(many + last)
            print("strangers: 20,000 requests on one connection in \(start.duration(to: .now))")
            #expect(reply.body.matches(of: /HTTP\/1.1 200 OK/).count == 20_000)
            #expect(reply.body.hasSuffix("ready\n"))
        }
    }

    @Test func `event streams have a bound for each client and in all`() async throws {
        let options = FrontendOptions(defaultMemoryMiB: 1024, connections: ConnectionLimits(total: 32, perAddress: 8))
        try await withSite(options) { site in
            let crowd = Crowd()
            try crowd.join(4, port: site.http.port)
            crowd.say("GET /manage/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            try await eventually("all listen") { try await site.http.get("/metrics").body.contains("streams 4\n") }
            var same = site.http
            same.from = "127.0.0.2"
            let reply = try await same.get("/manage/events")
            #expect(reply.status == 429)
            #expect(reply.headers["retry-after"] != nil)
            #expect(try await same.get("/").status == 200)
            crowd.leave()
            try await eventually("they are forgotten") {
                try await site.http.get("/metrics").body.contains("streams 0\n")
            }
        }
    }

    @Test func `behind a proxy each client has its own share`() async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024, connections: ConnectionLimits(total: 64, perAddress: 8))
        options.proxies = [IPNetwork("127.0.0.2")].compactMap(\.self)
        try await withSite(options) { site in
            let crowd = Crowd()
            try crowd.join(12, port: site.http.port)
            for number in 0..<12 {
                crowd.say(
                    "GET /manage/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.\(number % 3)\r\n\r\n",
                    to: number..<number + 1)
            }
            // More than one address may have, of which the proxy is none.
            try await eventually("all listen") { try await site.http.get("/metrics").body.contains("streams 12\n") }
            var proxy = site.http
            proxy.from = "127.0.0.2"
            #expect(
                try await proxy.get("/manage/events", headers: [("X-Forwarded-For", "203.0.113.1:99")]).status == 429)
            #expect(try await proxy.get("/", headers: [("X-Forwarded-For", "203.0.113.1")]).status == 200)
        }
    }

    @Test func `a mutated request ends nothing and is no error of ours`() async throws {
        Crowd.setDescriptorLimit()
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let requests = MutatedRequests(seed: 0x51_77_64, session: "\(id)")
            _ = try await slowest(site, from: "127.0.1.99")
            let memory = Crowd.memory
            let statuses = Box<[Int: Int]>([:])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<20 {
                    group.addTask {
                        for number in stride(from: lane, to: 10_000, by: 20) {
                            var client = site.http
                            client.from = "127.0.0.\(2 + number % 200)"
                            // A connection that the server ended before it was read is no fault.
                            let reply = try? await client.raw(requests.request(number), endsAfter: true)
                            statuses.value[reply?.status ?? -1, default: 0] += 1
                        }
                    }
                }
                try await group.waitForAll()
            }
            let found = statuses.value
            print(
                "strangers: 10,000 mutated requests: \(found.sorted { $0.key < $1.key }); \(Crowd.memory - memory) KiB more"
            )
            #expect(!found.keys.contains { $0 >= 500 }, "\(site.log.lines.filter { $0.hasPrefix("error") }.prefix(5))")
            #expect(!site.log.hasErrors)
            #expect(found[400, default: 0] > 1000)
            #expect(found[200, default: 0] > 100)
            try await eventually("all descriptors are given back") { Crowd.accepted(at: site.http.port) == 0 }
            #expect(try await slowest(site, from: "127.0.1.99") < .seconds(1))
        }
    }
}
