import Domain
import Queue
import Testing

@testable import Frontend

/// One client against the queue of everybody.
@Suite(.timeLimit(.minutes(3)))
struct FloodTests {
    private static var options: FrontendOptions {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.limits = Limits(
            sessions: 10, sessionsPerUser: 3, cpuFractionPerUser: 0, memoryFractionPerUser: 0, load: 0,
            lifetimeSeconds: 345_600, waiting: 1000, waitingPerUser: 10, creationsPerMinute: 30)
        options.proxies = [IPNetwork("127.0.0.1")].compactMap(\.self)
        return options
    }

    @Test(arguments: [true, false])
    func `thousands of creates by one client leave the place of another one near the front`(cookies: Bool) async throws
    {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var statuses: [Int] = []
                        for number in 0..<500 {
                            var headers = [("X-Forwarded-For", "192.0.2.1"), ("Accept", "application/json")]
                            if cookies {
                                // Each time another browser, as far as anybody can tell.
                                let mark = String("\(worker)-\(number)-" + String(repeating: "x", count: 43)).prefix(43)
                                headers.append(("Cookie", "qwd-form=\(mark)"))
                            }
                            statuses.append(
                                try await site.http.post(
                                    "/sessions", [("machine", "grub"), ("user", "u\(worker).\(number)")],
                                    headers: headers
                                ).status)
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses.count == 4000 && Set(statuses) == [201, 429])
            #expect(statuses.count { $0 == 201 } <= 10)
            let honest = try await site.http.post(
                "/sessions", [("machine", "grub")],
                headers: [("X-Forwarded-For", "192.0.2.2"), ("Accept", "application/json")])
            #expect(honest.status == 201, "\(honest.body)")
            #expect(try await site.queue.waiting() <= 11)
        }
    }

    @Test func `a refusal says how long it lasts, and tells nobody to stop what is not theirs`() async throws {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            var last = try await site.http.get("/healthz")
            for number in 0..<12 {
                let browser = Browser(site)
                try await browser.get("/")
                last = try await browser.post("/sessions", [("machine", "grub"), ("user", "u\(number)")])
            }
            #expect(last.status == 429)
            #expect(last.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
            #expect(last.body.contains("Your address has 10 of 10 sessions that may wait for room."))
            #expect(!last.body.contains("Stop one") && !last.body.contains("your limit"))
        }
    }

    @Test func `who signed in and cancels what they start is slowed down`() async throws {
        try await withSite(Self.options, signIn: SignInOptions()) { site in
            try await site.hostUp()
            let alice = Browser(site)
            _ = try await alice.signIn("alice")
            try await alice.get("/")
            var made = 0
            for _ in 0..<100 {
                let reply = try await alice.post("/sessions", [("machine", "grub")])
                guard reply.status == 303 else {
                    #expect(reply.status == 429 && reply.body.contains("within a minute"))
                    #expect((1...61).contains(reply.headers["retry-after"].flatMap { Int($0) } ?? 0))
                    continue
                }
                made += 1
                try await alice.post("\(reply.headers["location"] ?? "")/stop")
            }
            #expect(made == 30)
        }
    }
}
