import Domain
import Queue
import Redis
import Testing

/// A worker sleeps on its host's markers, so whatever gives it something to do has to leave one.
@Suite(.timeLimit(.minutes(5)))
struct WakeTests {
    @Test func `a new request wakes one host that can take it, the one with the most room, and the next another one`()
        async throws
    {
        try await withFarm { farm in
            try await farm.host("full", cpu: 2)
            _ = try await farm.enqueue(cpu: 2)
            #expect(try await farm.claim("full") != nil)
            try await farm.host("small", cpu: 4)
            try await farm.host("other", machines: ["windows"])
            try await farm.host("closed", closure: .problem)
            try await farm.host("large", cpu: 8)
            let hosts = ["full", "small", "other", "closed", "large"]
            func woken() async throws -> [String] {
                var woken: [String] = []
                for host in hosts where try await farm.wakes(host) { woken.append(host) }
                return woken
            }
            _ = try await woken()
            _ = try await farm.enqueue(cpu: 2, memoryMiB: 100)
            let first = try await woken()
            #expect(first == ["large"] || first == ["small"])
            var all: Set<String> = []
            for _ in 0..<10 {
                _ = try await farm.enqueue(cpu: 1, memoryMiB: 100)
                all.formUnion(try await woken())
            }
            #expect(all == ["large", "small"])
        }
    }

    @Test func `a stop wakes the session's host and no other`() async throws {
        try await withFarm { farm in
            for host in ["h1", "h2"] { try await farm.host(host) }
            let subject = try await farm.session(in: .running)
            for host in ["h1", "h2"] { try await farm.quiet(host) }
            try await farm.queue.stop(subject.session)
            #expect(try await farm.wakes("h1", creates: false))
            #expect(try await !farm.wakes("h2"))
        }
    }

    @Test(arguments: [SessionState.running, .stopping, .lost])
    func `room that becomes free wakes the hosts while somebody waits`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 1)
            let subject = try await farm.session(in: state)
            try await farm.quiet()
            let waiting = try await farm.enqueue()
            _ = try await farm.claim()
            try await farm.quiet()
            let fence = try #require(subject.claim).fence
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: .crashed, detail: "") == .ok)
            #expect(try await farm.wakes())
            #expect(try await farm.claim()?.session == waiting.session)
        }
    }

    @Test func `the end of a wait that blocked smaller ones wakes the hosts`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 8)
            _ = try await farm.session(in: .running, cpu: 6)
            let large = try await farm.enqueue(cpu: 4)
            try await farm.pass(.seconds(61))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            let small = try await farm.enqueue()
            #expect(try await farm.claim() == nil)
            try await farm.quiet()
            #expect(try await farm.queue.stop(large.session) == .ended)
            #expect(try await farm.wakes())
            #expect(try await farm.claim()?.session == small.session)
        }
    }

    @Test func `the start of a session that blocked smaller ones wakes the other hosts`() async throws {
        try await withFarm { farm in
            try await farm.host("h1", cpu: 8)
            _ = try await farm.session(in: .running, cpu: 6)
            let large = try await farm.enqueue(cpu: 4)
            try await farm.pass(.seconds(61))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            let small = try await farm.enqueue()
            #expect(try await farm.claim("h1") == nil)
            try await farm.host("h2", cpu: 8)
            try await farm.quiet("h1")
            #expect(try await farm.claim("h2")?.session == large.session)
            #expect(try await farm.wakes("h1"))
            #expect(try await farm.claim("h1")?.session == small.session)
        }
    }

    @Test func `a job that is given back wakes the host whose room it had`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 1)
            let subject = try await farm.session(in: .starting)
            try await farm.quiet()
            let claim = try #require(subject.claim)
            #expect(try await farm.queue.fail(claim, .transient, message: "no", delay: .zero) == .waiting)
            #expect(try await farm.wakes())
            #expect(try await farm.claim()?.session == subject.session)
        }
    }

    @Test func `jobs that come back wake the hosts`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            try await farm.quiet()
            #expect(try await farm.queue.fail(claim, .transient, message: "no", delay: .seconds(5)) == .later)
            #expect(try await !farm.wakes())
            try await farm.pass(.seconds(6))
            #expect(try await farm.queue.promote() == nil)
            #expect(try await farm.wakes())

            _ = try await farm.claim()
            try await farm.quiet()
            try await farm.pass(.minutes(61))
            #expect(try await farm.reap().returned == 1)
            #expect(try await farm.wakes())
        }
    }

    @Test func `a host that appears, or offers what was missing, is woken`() async throws {
        try await withFarm { farm in
            let made = try await farm.enqueue()
            _ = try await farm.queue.hostUp("h1", status: .sample(cpu: 4, memoryMiB: 4096, busy: 0), living: [])
            #expect(try await farm.wakes())
            #expect(try await farm.claim() == nil)
            try await farm.quiet()
            try await farm.queue.offer([.sample("debian")], host: "h1")
            #expect(try await farm.wakes())
            #expect(try await farm.claim()?.session == made.session)
        }
    }

    @Test func `a worker that waits gets up for a job and else when its time is over`() async throws {
        try await withFarm { farm in
            try await farm.host()
            try await farm.quiet()
            async let waited: Void = farm.queue.waitForWork(
                host: "h1", routes: [.host("h1"), .create], timeout: .seconds(40))
            while try await farm.redis.send(["INFO", "clients"]).string?.contains("blocked_clients:1") != true {
                try Task.checkCancellation()
            }
            _ = try await farm.enqueue()
            try await waited
            #expect(try await farm.claim() != nil)
            try await farm.queue.waitForWork(host: "h1", routes: [.host("h1"), .create], timeout: .zero)
            try await farm.queue.wake(host: "h1")
            try await farm.queue.waitForWork(host: "h1", routes: [.host("h1")], timeout: .seconds(40))
        }
    }
}
