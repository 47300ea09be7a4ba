import Domain
import Queue
import Redis
import Testing

/// What a worker reports on a create job, and what it hears.
@Suite(.timeLimit(.minutes(5)))
struct WorkTests {
    @Test func `a session goes through its steps, and each is told with the time of the one before`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting, lifetime: 600)
            let claim = try #require(subject.claim)
            try await farm.pass(.minutes(10))
            #expect(try await farm.queue.step(claim, .snapshot) == .ok)
            try await farm.pass(.minutes(20))
            #expect(try await farm.queue.step(claim, .launch) == .ok)
            #expect(try await farm.queue.commit(claim, accelerator: "tcg") == .ok)
            let running = try #require(try await farm.queue.session(subject.session))
            #expect(running.state == .running)
            #expect(running.accelerator == "tcg")
            #expect(!running.displayReady)
            let started = try #require(running.startedAt)
            #expect(running.expiresAt == started + 600_000)
            #expect(try await farm.members("qwd:sessions:expiring") == [subject.session.text])

            #expect(try await farm.queue.step(claim, .display) == .ok)
            #expect(try await farm.queue.finish(claim, displayURL: "http://h1:6080") == .ok)
            let ready = try #require(try await farm.queue.session(subject.session))
            #expect(ready.displayReady)
            #expect(ready.displayURL == "http://h1:6080")
            #expect(ready.step == .running)
            #expect(ready.revision > running.revision)
            #expect(try await farm.jobState(claim.job) == .done)
            #expect(try await farm.members("qwd:jobs:running") == [])

            let events = try await farm.queue.events(of: subject.session)
            #expect(
                events.compactMap { $0.fields["step"] } == [
                    "claim", "snapshot", "launch", "commit", "display", "running",
                ])
            #expect(
                events.compactMap { $0.fields["previous"] } == ["claim", "snapshot", "launch", "commit", "display"])
            let times = events.dropFirst(2).compactMap { $0.fields["ms"].flatMap { Int($0) } }
            #expect(times.count == 5)
            #expect((600_000..<1_000_000).contains(times[0]))
            #expect((1_200_000..<1_600_000).contains(times[1]))
        }
    }

    @Test func `the time in the queue counts from the last time a session came into it`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            try await farm.pass(.minutes(50))
            #expect(try await farm.queue.fail(claim, .transient, message: "no", delay: .zero) == .waiting)
            try await farm.pass(.minutes(10))
            #expect(try await farm.claim() != nil)
            let waits = try await farm.queue.events(of: subject.session).filter { $0.fields["step"] == "claim" }
                .compactMap { $0.fields["ms"].flatMap { Int($0) } }
            #expect(waits.count == 2)
            #expect((600_000..<1_000_000).contains(try #require(waits.last)))
        }
    }

    @Test func `a session without end never expires`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, lifetime: 0)
            #expect(try await farm.queue.session(subject.session)?.expiresAt == nil)
            #expect(try await farm.members("qwd:sessions:expiring") == [])
        }
    }

    @Test func `a session runs once, for the current owner only, however often who asks`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            try await farm.host("h2")
            let subject = try await farm.session(in: .starting)
            let old = try #require(subject.claim)
            try await farm.pass(.minutes(61))
            try await farm.reap()
            let new = try #require(try await farm.claim("h2"))
            #expect(new.session == subject.session)

            for _ in 0..<2 { #expect(try await farm.queue.commit(old, accelerator: "kvm") == .stale) }
            #expect(try await farm.state(subject.session) == .starting)
            for _ in 0..<2 { #expect(try await farm.queue.commit(new, accelerator: "kvm") == .ok) }
            for _ in 0..<2 { #expect(try await farm.queue.commit(old, accelerator: "kvm") == .stale) }
            #expect(try await farm.queue.finish(new) == .ok)
            #expect(try await farm.queue.commit(new, accelerator: "kvm") == .ok)
            #expect(try await farm.history(subject.session) == [.queued, .starting, .queued, .starting, .running])
        }
    }

    @Test func `whoever lost a job is told so by every call and changes nothing`() async throws {
        try await withFarm { farm in
            for host in ["h1", "h2"] { try await farm.host(host) }
            let subject = try await farm.session(in: .starting)
            let old = try #require(subject.claim)
            try await farm.pass(.minutes(61))
            try await farm.reap()
            for takenAgain in [false, true] {
                if takenAgain { #expect(try await farm.claim("h2") != nil) }
                let digest = try await farm.digest()
                #expect(try await farm.queue.renew([old], lease: Farm.lease) == [.stale])
                #expect(try await farm.queue.step(old, .launch) == .stale)
                #expect(try await farm.queue.commit(old, accelerator: "kvm") == .stale)
                #expect(try await farm.queue.finish(old) == .stale)
                let failed = try await farm.queue.fail(old, .permanent, message: "no", delay: .zero)
                #expect(failed == (takenAgain ? nil : .waiting))
                #expect(
                    try await farm.queue.end(subject.session, fence: old.fence, reason: .failed, detail: "") == .stale)
                #expect(try await farm.digest() == digest)
            }
        }
    }

    @Test func `a heartbeat prolongs the leases of those that own their jobs`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let first = try #require(try await farm.session(in: .starting).claim)
            let second = try #require(try await farm.session(in: .starting).claim)
            var stranger = second
            stranger.fence += 1
            try await farm.pass(.minutes(40))
            #expect(try await farm.queue.renew([first, stranger], lease: Farm.lease) == [.ok, .stale])
            #expect(try await farm.queue.renew([], lease: Farm.lease) == [])
            try await farm.pass(.minutes(30))
            #expect(try await farm.reap().returned == 1)
            #expect(try await farm.jobState(first.job) == .running)
            #expect(try await farm.jobState(second.job) == .waiting)
            let job = try #require(try await farm.queue.job(first.job))
            #expect(
                try await farm.redis.send(["ZSCORE", "qwd:jobs:running", first.job]).integer
                    == job.leaseUntil.map { Int($0) })
        }
    }

    @Test func `a job can't be finished before its session was committed`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let digest = try await farm.digest()
            #expect(try await farm.queue.finish(try #require(subject.claim)) == .stale)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test func `a worker that was silent for a while after the commit goes on with its session`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
            try await farm.pass(.minutes(61))
            #expect(try await farm.reap().returned == 1)
            #expect(try await farm.jobState(claim.job) == .done)
            #expect(try await farm.state(subject.session) == .running)

            #expect(try await farm.queue.renew([claim], lease: Farm.lease) == [.ok])
            #expect(try await farm.members("qwd:jobs:running") == [])
            #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
            #expect(try await farm.queue.step(claim, .display) == .ok)
            #expect(try await farm.queue.finish(claim, displayURL: "http://h1:6080") == .ok)
            #expect(try await farm.queue.session(subject.session)?.displayReady == true)
        }
    }

    @Test func `a display that is ready while its host counts as lost is ready when the host is back`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
            try await farm.silence("h1")
            #expect(try await farm.reap().lost == 1)
            #expect(try await farm.queue.finish(claim, displayURL: "http://h1:6080") == .ok)
            #expect(try await farm.state(subject.session) == .lost)
            try await farm.host(living: [subject.session])
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.state == .running)
            #expect(session.displayReady)
        }
    }
}
