@testable import Accounts
import Domain
@testable import Frontend
import Glibc
import Queue
import Redis
import Testing

/// A server that takes two seconds for each answer, asked on threads as libraries for LDAP or PAM are.
private struct SlowServer: SignInMethod {
    let name = "ldap"
    private let pool = BlockingPool("slow server")

    func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        try await pool.run(limit: .seconds(20)) { _ throws(AccountsError) in
            sleep(2)
            return credentials.password.revealed == "sesame"
                ? credentials.name.map { Person(name: $0, method: "ldap") } : nil
        }
    }
}

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

    @Test func `an IPv6 network is one client, whichever of its addresses creates`() async throws {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            /// Each time another browser, as far as anybody can tell.
            func create(from address: String) async throws -> Int {
                let mark = String((address + String(repeating: "x", count: 43)).filter { $0 != ":" }.prefix(43))
                return try await site.http.post(
                    "/sessions", [("machine", "grub")],
                    headers: [
                        ("X-Forwarded-For", address), ("Accept", "application/json"), ("Cookie", "qwd-form=\(mark)"),
                    ]
                ).status
            }
            for number in 1...12 {
                let address = "2001:db8:0:1:\(number):\(number)::1"
                #expect(try await create(from: address) == (number <= 10 ? 201 : 429), "\(address)")
            }
            #expect(try await create(from: "[2001:db8:0:1::ffff]:4711") == 429)
            #expect(try await create(from: "2001:db8:0:2::1") == 201)
        }
    }

    @Test(arguments: [
        ("[2001:db8::9]:4711", "2001:db8::9"), ("2001:DB8:0::9", "2001:db8::9"), ("203.0.113.9:65535", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"), ("203.0.113.9, 198.51.100.1", "198.51.100.1"), ("unknown", "127.0.0.1"),
        ("_hidden", "127.0.0.1"), ("203.0.113.9:99999", "127.0.0.1"), ("[2001:db8::9", "127.0.0.1"), ("", "127.0.0.1"),
    ])
    func `the record has the address that the proxy named, in one spelling, or the proxy`(
        said: String, from: String
    ) async throws {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            let reply = try await site.http.post(
                "/sessions", [("machine", "grub")],
                headers: [("X-Forwarded-For", said), ("Accept", "application/json")])
            #expect(reply.status == 201)
            #expect(try await site.queue.audit(limit: 10).map(\.from) == [from])
            #expect(site.log.lines.contains { $0.contains("audit.act=create") && $0.contains("audit.from=\(from) ") })
        }
    }

    @Test func `thousands of refused requests are a few entries that say how many, and a few lines`() async throws {
        try await withSite(signIn: SignInOptions(admins: ["root"])) { site in
            try await site.hostUp()
            let (alice, bob) = (Browser(site), Browser(site))
            _ = try await alice.signIn("alice")
            try await alice.get("/")
            let place = try await alice.post("/sessions", [("machine", "grub")]).headers["location"] ?? ""
            #expect(place.hasPrefix("/sessions/"))
            #expect(try await bob.signIn("bob").status == 303)
            let headers = [
                ("Cookie", bob.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")),
                ("Accept", "text/html"),
            ]
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var statuses: [Int] = []
                        for _ in 0..<125 {
                            for path in ["/admin", place] {
                                statuses.append(try await site.http.get(path, headers: headers).status)
                            }
                        }
                        return statuses
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses.count { $0 == 403 } == 1000 && statuses.count { $0 == 404 } == 1000)
            // As if a minute had passed since.
            for id in try await site.queue.redis.send(["ZRANGE", "qwd:refused", "0", "-1"]).array ?? [] {
                _ = try await site.queue.redis.send(["ZADD", "qwd:refused", "0", id.string ?? ""])
            }
            for _ in 0..<2 { _ = try await site.queue.tick(loadCheck: .zero, lease: .seconds(30)) }
            let entries = try await site.queue.audit(limit: 10_000).filter { $0.act == .refused && $0.who == "bob" }
            #expect(entries.reduce(0) { $0 + $1.count } == 2000)
            #expect(Set(entries.map(\.detail)) == ["not theirs", "for administrators alone"])
            // Two of each kind, and two more where a minute ended meanwhile.
            #expect((4...8).contains(entries.count), "\(entries)")
            let lines = site.log.lines.filter { $0.contains("audit.act=refused") }
            #expect((2...4).contains(lines.count), "\(lines)")
        }
    }

    @Test func `hundreds of sign-ins of one network leave others their place before a slow server`() async throws {
        try await withSite(Self.options, signIn: SignInOptions(), methods: [SlowServer()]) { site in
            @Sendable func signIn(_ user: String, _ password: String, from address: String) async throws -> Int {
                try await site.http.post(
                    "/sign-in", [("user", user), ("password", password)],
                    headers: [("X-Forwarded-For", address), ("Accept", "application/json")]
                ).status
            }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        try await signIn("u\(number)", "wrong", from: "2001:db8:0:1:\(number)::1")
                    }
                }
                // The first answers are of those who have to wait: then the server has all that it gets of them.
                var statuses = [try await group.next()].compactMap(\.self)
                let start = ContinuousClock.now
                #expect(try await signIn("honest", "sesame", from: "2001:db8:0:2::1") == 200)
                let waited = start.duration(to: .now)
                print("an honest sign-in took \(waited) beside 300 of one network")
                #expect(waited < .seconds(8))
                for try await status in group { statuses.append(status) }
                #expect(Set(statuses).isSubset(of: [401, 429]), "\(Set(statuses))")
                #expect(statuses.count { $0 == 401 } <= 21)
            }
        }
    }
}
