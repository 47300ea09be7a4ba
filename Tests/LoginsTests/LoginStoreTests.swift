import Domain
import Logging
@testable import Logins
import Redis
import Testing
import TestSupport

/// Logins, throttling, codes and second factors against a real Redis.
@Suite(.timeLimit(.minutes(1)))
struct LoginStoreTests {
    private let alice = Person(
        name: "alice", email: "alice@example.org", groups: ["cn=staff", "cn=ops"], method: "ldap")

    private func withStore(
        idle: Duration = .seconds(60), absolute: Duration = .seconds(600), _ body: (LoginStore) async throws -> Void
    ) async throws {
        let server = try await RedisServer.start()
        let redis = RedisClient(address: server.address, logger: Logger(label: "test"))
        try await body(LoginStore(redis: redis, idle: idle, absolute: absolute))
        await redis.close()
        await server.stop()
    }

    private func everything(_ store: LoginStore) async throws -> String {
        var text = ""
        for key in try await store.redis.send(["KEYS", "*"]).array?.compactMap(\.string) ?? [] {
            text += key + " \(try await store.redis.send(["DUMP", key]))"
            if case .array(let values) = try await store.redis.send(["TYPE", key]) { text += "\(values)" }
            if let hash = try? await store.redis.send(["HGETALL", key]) { text += "\(hash)" }
        }
        return text
    }

    @Test func `a login is known by its token, which is stored nowhere`() async throws {
        try await withStore { store in
            let token = try await store.open(alice, from: "192.0.2.1")
            let login = try #require(try await store.login(token: token))
            #expect(login.person == alice)
            #expect(login.from == "192.0.2.1")
            #expect(try await store.login(token: LoginToken.random()) == nil)
            #expect(try await store.login(token: Secret("")) == nil)
            #expect(try await store.login(token: Secret("*")) == nil)
            #expect(try await !everything(store).contains(token.revealed))
        }
    }

    @Test func `signing out ends one login, and everywhere all of one person`() async throws {
        try await withStore { store in
            let first = try await store.open(alice, from: "a")
            let second = try await store.open(alice, from: "b")
            let bob = try await store.open(Person(name: "bob", method: "ldap"), from: "c")
            #expect(try await store.logins(of: "alice").count == 2)
            try await store.close(try #require(try await store.login(token: first)))
            #expect(try await store.login(token: first) == nil)
            #expect(try await store.login(token: second) != nil)
            try await store.closeAll(of: "alice")
            #expect(try await store.login(token: second) == nil)
            #expect(try await store.logins(of: "alice").isEmpty)
            #expect(try await store.login(token: bob) != nil)
        }
    }

    @Test func `a login has an end whatever it does`() async throws {
        try await withStore(idle: .seconds(60), absolute: .zero) { store in
            let token = try await store.open(alice, from: "a")
            #expect(try await store.login(token: token) == nil)
        }
    }

    @Test func `an idle login ends, one that is used goes on`() async throws {
        try await withStore(idle: .seconds(60), absolute: .seconds(600)) { store in
            let token = try await store.open(alice, from: "a")
            let key = "qwd:login:\(LoginToken.fingerprint(of: token))"
            let first = try await store.redis.send(["PEXPIRETIME", key]).integer ?? 0
            // As if half of the idle time were over.
            let earlier = (try await store.redis.send(["HGET", key, "seen_at"]).integer ?? 0) - 30_000
            _ = try await store.redis.send(["HSET", key, "seen_at", "\(earlier)"])
            _ = try await store.redis.send(["PEXPIRE", key, "30000"])
            #expect(try await store.login(token: token) != nil)
            #expect(try await store.redis.send(["PEXPIRETIME", key]).integer ?? 0 >= first)
            _ = try await store.redis.send(["PEXPIRE", key, "0"])
            #expect(try await store.login(token: token) == nil)
        }
    }

    @Test func `guessing gets slower and slower, for a name and for an address`() async throws {
        try await withStore { store in
            for _ in 0..<Throttle.user.free {
                #expect(try await store.attempt(user: "alice", from: "192.0.2.1") == nil)
            }
            let first = try #require(try await store.attempt(user: "Alice", from: "192.0.2.2"))
            #expect(first <= .seconds(1))
            // A refused attempt is not counted, or nobody would ever get in again.
            #expect(try await store.attempt(user: "alice", from: "192.0.2.1") ?? .zero <= first)
            #expect(try await store.attempt(user: "bob", from: "192.0.2.1") == nil)
            try await store.attemptSucceeded(user: "alice", from: "192.0.2.1")
            #expect(try await store.attempt(user: "alice", from: "192.0.2.1") == nil)
            // One address with many names.
            for number in 0..<Throttle.address.free {
                _ = try await store.attempt(user: "user\(number)", from: "192.0.2.9")
            }
            #expect(try await store.attempt(user: "another", from: "192.0.2.9") != nil)
            #expect(try await store.attempt(user: "another", from: "192.0.2.10") == nil)
        }
    }

    @Test(arguments: [
        (["2001:db8::1", "2001:0DB8:0::1"], "2001:db8::ffff:1", "2001:db8:0:1::1"),
        (["192.0.2.9", "::ffff:192.0.2.9"], "::ffff:c000:209", "192.0.2.10"),
    ])
    func `an address is counted by what it is, IPv6 by its network`(
        spellings: [String], same: String, other: String
    ) async throws {
        try await withStore { store in
            for number in 0..<20 {
                _ = try await store.attempt(user: "user\(number)", from: spellings[number % spellings.count])
            }
            _ = try await store.attempt(user: "one more", from: same)
            #expect(try await store.attempt(user: "another", from: same) != nil)
            #expect(try await store.attempt(user: "another", from: other) == nil)
        }
    }

    @Test func `many attempts at one time count as many`() async throws {
        try await withStore { store in
            let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await store.attempt(user: "alice", from: "192.0.2.1") == nil }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(passed == Throttle.user.free)
        }
    }

    @Test func `a challenge has five tries, and is met once`() async throws {
        try await withStore { store in
            let challenge = Challenge(kind: .mailedCode, person: alice, proof: "p", form: "machine=grub")
            let token = try await store.open(challenge)
            #expect(try await store.challenge(token: token)?.form == "machine=grub")
            for left in [4, 3, 2, 1, 0] { #expect(try await store.tryCode(token: token)?.triesLeft == left) }
            #expect(try await store.tryCode(token: token) == nil)
            #expect(try await store.challenge(token: token) == nil)

            let other = try await store.open(challenge)
            #expect(try await store.tryCode(token: other)?.person == alice)
            let met = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 { group.addTask { try await store.met(token: other) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(met == 1)
            #expect(try await store.tryCode(token: other) == nil)
        }
    }

    @Test func `no name reaches the second factor of another one`() async throws {
        try await withStore { store async throws in
            let (eve, other): (PersonName, PersonName) = ("eve", "eve:recovery")
            #expect(try await store.enrol(other, sealed: "o", step: 1, recovery: ["x"]))
            #expect(try await store.enrol(eve, sealed: "e", step: 1, recovery: ["y"]))
            #expect(try await store.secondFactor(of: other)?.sealed == "o")
            #expect(try await store.useRecoveryCode("x", of: eve) == false)
            #expect(try await store.removeSecondFactor(of: eve))
            #expect(try await store.secondFactor(of: other)?.recoveryCodesLeft == 1)
            #expect(try await store.useRecoveryCode("x", of: other))
        }
    }

    @Test(arguments: [["eve", "eve:recovery"], ["eve:recovery", "eve"]] as [[PersonName]])
    func `recovery codes of before go on where they stand now`(order: [PersonName]) async throws {
        try await withStore { store async throws in
            _ = try await store.redis.send(["HSET", "qwd:account:eve", "totp", "e", "totp_step", "7"])
            _ = try await store.redis.send(["SADD", "qwd:account:eve:recovery", "x", "y"])
            for name in order {
                let factor = try await store.secondFactor(of: name)
                let expected = SecondFactor(sealed: "e", lastStep: 7, recoveryCodesLeft: 2)
                #expect(factor == (name == "eve" ? expected : nil))
            }
            #expect(try await store.enrol("eve:recovery", sealed: "o", step: 1, recovery: ["z"]))
            #expect(try await store.useRecoveryCode("x", of: "eve"))
            #expect(try await store.secondFactor(of: "eve")?.recoveryCodesLeft == 1)
            #expect(try await store.secondFactor(of: "eve:recovery")?.recoveryCodesLeft == 1)
        }
    }

    @Test func `a second factor under another spelling is found, and can be taken away`() async throws {
        try await withStore { store async throws in
            let (composed, decomposed) = (PersonName(recorded: "jos\u{E9}"), PersonName(recorded: "jose\u{301}"))
            #expect(try await store.enrol(decomposed, sealed: "s", step: 1, recovery: ["x"]))
            for number in 0..<3000 {
                _ = try await store.redis.send(["HSET", "qwd:account:user\(number)", "totp", "s"])
            }
            #expect(try await store.secondFactor(of: composed) == nil)
            #expect(try await store.enrolledSpelling(like: composed) == decomposed)
            #expect(try await store.enrolledSpelling(like: "USER2999") == "user2999")
            #expect(try await store.enrolledSpelling(like: "user2999") == nil)
            #expect(try await store.enrolledSpelling(like: "nobody") == nil)
            #expect(try await store.removeSecondFactor(of: composed))
            #expect(try await store.enrolledSpelling(like: composed) == nil)
            #expect(try await store.secondFactor(of: "user1") == SecondFactor(sealed: "s", recoveryCodesLeft: 0))
        }
    }

    @Test func `a challenge ends by itself from its first moment on`() async throws {
        try await withStore { store in
            let token = try await store.open(Challenge(kind: .totp, person: alice))
            let key = "qwd:challenge:\(LoginToken.fingerprint(of: token))"
            let left = try await store.redis.send(["PTTL", key]).integer ?? -1
            #expect((1...600_000).contains(left))
        }
    }

    @Test func `no code of an app and no recovery code works twice`() async throws {
        try await withStore { store in
            let before = try await store.secondFactor(of: "alice")
            #expect(before == nil)
            let enrolled = [
                try await store.enrol("alice", sealed: "s", step: 10, recovery: ["x", "y"]),
                try await store.enrol("alice", sealed: "t", step: 99, recovery: ["z"]),
            ]
            #expect(enrolled == [true, false])
            let factor = try await store.secondFactor(of: "alice")
            #expect(factor == SecondFactor(sealed: "s", lastStep: 10, recoveryCodesLeft: 2))
            let steps = [
                try await store.accept(step: 10, of: "alice"), try await store.accept(step: 11, of: "alice"),
                try await store.accept(step: 11, of: "alice"),
            ]
            #expect(steps == [false, true, false])
            let codes = [
                try await store.useRecoveryCode("x", of: "alice"), try await store.useRecoveryCode("x", of: "alice"),
            ]
            #expect(codes == [true, false])
            let left = try await store.secondFactor(of: "alice")?.recoveryCodesLeft
            #expect(left == 1)
            let removed = try await store.removeSecondFactor(of: "alice")
            let after = try await store.secondFactor(of: "alice")
            #expect(removed && after == nil)
        }
    }
}
