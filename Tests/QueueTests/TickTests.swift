import Domain
@testable import Queue
import Redis
import Testing

/// What is due, and what is forgotten.
@Suite(.timeLimit(.minutes(5)))
struct TickTests {
    @Test func `a session past its end gets one stop job and ends as expired`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, lifetime: 10_000)
            let before = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(before.expired == 0)
            let left = try #require(before.nextExpiry)
            #expect(left > .seconds(9000) && left <= .seconds(10_000))

            try await farm.pass(.seconds(10_001))
            #expect(
                try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
                    == Due(expired: 1, loadChecks: 0, nextExpiry: nil))
            let digest = try await farm.digest()
            #expect(try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease).expired == 0)
            #expect(try await farm.digest() == digest)
            #expect(try await farm.state(subject.session) == .stopping)
            let claim = try #require(try await farm.claim())
            #expect(claim.kind == .stop)
            #expect(try await farm.claim() == nil)
            #expect(try await farm.queue.finish(claim) == .ok)
            #expect(try await farm.queue.session(subject.session)?.reason == .expired)
        }
    }

    @Test func `many sessions expire in rounds, and the next round comes at once`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 1000, memoryMiB: 1_000_000)
            for _ in 0..<130 { _ = try await farm.session(in: .running, lifetime: 10_000) }
            try await farm.pass(.seconds(10_001))
            let first = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(first == Due(expired: 100, loadChecks: 0, nextExpiry: .zero))
            let second = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(second == Due(expired: 30, loadChecks: 0, nextExpiry: nil))
        }
    }

    @Test func `a lost session expires too, and is ended when its host is back`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .lost, lifetime: 10_000)
            try await farm.pass(.seconds(10_001))
            #expect(try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease).expired == 1)
            #expect(try await farm.state(subject.session) == .lost)
            try await farm.host(living: [subject.session])
            #expect(try await farm.queue.finish(try #require(try await farm.claim())) == .ok)
            #expect(try await farm.queue.session(subject.session)?.reason == .expired)
        }
    }

    @Test func `each live host that was not heard of for a period gets one load check`() async throws {
        try await withFarm { farm in
            for host in ["h1", "h2", "silent"] { try await farm.host(host) }
            try await farm.pass(.seconds(3601))
            try await farm.host("heard")
            try await farm.silence("silent")
            let first = try await farm.queue.tick(loadCheck: .seconds(3600), lease: Farm.lease)
            // A period may end between two calls, once.
            let second = try await farm.queue.tick(loadCheck: .seconds(3600), lease: Farm.lease)
            #expect(first.loadChecks == 2)
            #expect([0, 2].contains(second.loadChecks))
            #expect(try await farm.wakes("h1", creates: false))
            let claim = try #require(try await farm.claim("h1", creates: false))
            #expect(claim.kind == .loadCheck)
            #expect(try await farm.queue.finish(claim) == .ok)
            #expect(try await farm.queue.finish(claim) == .ok)
            #expect(try await farm.members("qwd:jobs:done") == [])
            let kept = try #require(try await farm.redis.send(["TTL", "qwd:job:\(claim.job)"]).integer)
            #expect((1...600).contains(kept))
            #expect(try await farm.claim("silent") == nil)
        }
    }

    @Test func `load checks that nobody takes do not pile up`() async throws {
        try await withFarm { farm in
            func nextPeriod() async throws -> Int {
                // Periods are counted by the clock, which the test can't move.
                for key in try await farm.redis.send(["KEYS", "qwd:once:load:*"]).array?.compactMap(\.string) ?? [] {
                    _ = try await farm.redis.send(["DEL", key])
                }
                try await farm.host()
                try await farm.pass(.seconds(1))
                return try await farm.queue.tick(loadCheck: .milliseconds(1), lease: Farm.lease).loadChecks
            }
            #expect(try await nextPeriod() == 1)
            for _ in 0..<5 { #expect(try await nextPeriod() == 0) }
            let claim = try #require(try await farm.claim())
            #expect(try await farm.claim() == nil)
            #expect(try await nextPeriod() == 1)
            #expect(try await farm.queue.finish(claim) == .ok)

            // What nobody ever took goes with its host.
            try await farm.pass(.seconds(8 * 24 * 3600))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.redis.send(["KEYS", "qwd:job:*"]).array?.isEmpty == true)
        }
    }

    @Test func `no load checks are made when none are wanted`() async throws {
        try await withFarm { farm in
            try await farm.host()
            #expect(try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease).loadChecks == 0)
            #expect(try await farm.claim() == nil)
        }
    }

    @Test func `old records go, and with the last of a host what it offered`() async throws {
        try await withFarm { farm in
            try await farm.host("h1", machines: ["debian", "windows"])
            let ended = try await farm.session(in: .ended)
            let dead = try #require(try await farm.session(in: .starting).claim)
            #expect(try await farm.queue.fail(dead, .permanent, message: "", delay: .zero) == .dead)
            try await farm.host("h2", machines: ["debian"])
            let running = try await farm.session(in: .running, lifetime: 0)
            try await farm.host("h3", machines: ["reactos"])

            try await farm.pass(.seconds(6 * 24 * 3600))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.members("qwd:sessions:ended").contains(ended.session.text))
            try await farm.host("h2", machines: ["debian"])
            try await farm.pass(.seconds(2 * 24 * 3600), outage: true)
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.members("qwd:sessions:ended") == [])
            #expect(try await farm.members("qwd:jobs:done") == [])
            #expect(try await farm.queue.session(ended.session) == nil)
            #expect(try await farm.queue.job(ended.job) == nil)
            // A session is still placed on h1, and nobody could know of anybody; h3 has nothing left.
            #expect(try await farm.queue.hosts().map(\.name) == ["h1", "h2"])
            #expect(try await !farm.exists("qwd:host:h3"))
            #expect(
                try await farm.redis.send(["HKEYS", "qwd:machines"]).array?.compactMap(\.string).sorted() == [
                    "debian", "windows",
                ])
            #expect(try await farm.jobState(dead.job) == .dead)

            // Since then it could have been heard of.
            try await farm.host("h2", machines: ["debian"])
            try await farm.reap()
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.queue.hosts().map(\.name) == ["h2"])
            #expect(try await farm.queue.session(running.session)?.reason == .lost)
            #expect(try await farm.members("qwd:sessions") == [])

            try await farm.pass(.seconds(21 * 24 * 3600))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.members("qwd:jobs:dead") == [])
            #expect(try await farm.queue.job(dead.job) == nil)
        }
    }
}
