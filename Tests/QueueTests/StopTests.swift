import Domain
@testable import Queue
import Testing

/// Somebody wants a session to end, at any moment of its life.
@Suite(.timeLimit(.minutes(5)))
struct StopTests {
    @Test(arguments: [(EndReason.stopped, EndReason.cancelled), (.admin, .admin)])
    func `a queued session ends at once`(asked: EndReason, told: EndReason) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .queued)
            #expect(try await farm.queue.stop(subject.session, reason: asked) == .ended)
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.reason == told)
            #expect(session.endedAt != nil)
            #expect(try await farm.jobState(subject.job) == .cancelled)
            #expect(try await farm.queue.waiting() == 0)
            #expect(try await farm.claim() == nil)
        }
    }

    @Test func `a session that waits for another try ends at once`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(9)) == .later)
            #expect(try await farm.queue.stop(subject.session) == .ended)
            try await farm.pass(.seconds(10))
            #expect(try await farm.queue.promote() == nil)
            #expect(try await farm.claim() == nil)
            #expect(try await farm.jobState(subject.job) == .cancelled)
        }
    }

    enum Teller: CaseIterable { case renew, step, commit }

    @Test(arguments: Teller.allCases)
    func `the worker of a starting session hears of it`(teller: Teller) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            for _ in 0..<2 { #expect(try await farm.queue.stop(subject.session) == .starting) }
            #expect(try await farm.queue.session(subject.session)?.stopRequested == true)
            for _ in 0..<2 {
                let answer: Ownership =
                    switch teller {
                    case .renew: try await farm.queue.renew([claim], lease: Farm.lease)[0]
                    case .step: try await farm.queue.step(claim, .launch)
                    case .commit: try await farm.queue.commit(claim, accelerator: "kvm")
                    }
                #expect(answer == .cancel)
            }
            #expect(try await farm.state(subject.session) == .starting)
            // Another try would have come, but nobody wants it any more.
            #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(1)) == .cancelled)
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.state == .ended)
            #expect(session.reason == .cancelled)
            #expect(try await farm.reserved() == [0, 0, 0])
        }
    }

    @Test(arguments: [(EndReason.stopped, EndReason.cancelled), (.admin, .admin)])
    func `a starting session whose worker is silent ends when that is noticed`(asked: EndReason, told: EndReason)
        async throws
    {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            #expect(try await farm.queue.stop(subject.session, reason: asked) == .starting)
            try await farm.pass(.minutes(61))
            #expect(try await farm.reap().returned == 1)
            #expect(try await farm.queue.session(subject.session)?.reason == told)
            #expect(try await farm.jobState(subject.job) == .cancelled)
            #expect(try await farm.reserved() == [0, 0, 0])
        }
    }

    @Test func `a running session is stopped by its host, once`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            #expect(try await farm.queue.stop(subject.session) == .stopping)
            let digest = try await farm.digest()
            #expect(try await farm.queue.stop(subject.session, reason: .admin) == .stopping)
            #expect(try await farm.digest() == digest)
            #expect(try await farm.members("qwd:sessions:expiring") == [])
            #expect(try await farm.queue.session(subject.session)?.displayReady == false)

            let claim = try #require(try await farm.claim())
            #expect(claim.kind == .stop)
            #expect(claim.job == "\(subject.session)-stop")
            #expect(try await farm.claim() == nil)
            #expect(try await farm.reserved() == [1, 1024, 1])
            for _ in 0..<2 { #expect(try await farm.queue.finish(claim) == .ok) }
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.state == .ended)
            #expect(session.reason == .stopped)
            #expect(try await farm.reserved() == [0, 0, 0])
            #expect(try await farm.queue.stop(subject.session) == .ended)
            #expect(try await farm.history(subject.session) == [.queued, .starting, .running, .stopping, .ended])
        }
    }

    @Test func `a session that is stopped while its display opens is not shown as ready`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let create = try #require(subject.claim)
            #expect(try await farm.queue.commit(create, accelerator: "kvm") == .ok)
            #expect(try await farm.queue.stop(subject.session) == .stopping)
            #expect(try await farm.queue.renew([create], lease: Farm.lease) == [.ok])
            #expect(try await farm.queue.step(create, .display) == .cancel)
            // The answer to the commit had been lost.
            #expect(try await farm.queue.commit(create, accelerator: "kvm") == .cancel)
            for _ in 0..<2 { #expect(try await farm.queue.finish(create) == .cancel) }
            #expect(try await farm.jobState(create.job) == .done)
            #expect(try await farm.queue.session(subject.session)?.displayReady == false)

            let stop = try #require(try await farm.claim())
            #expect(try await farm.queue.finish(stop) == .ok)
            #expect(try await farm.queue.step(create, .display) == .cancel)
            #expect(try await farm.queue.finish(create) == .cancel)
        }
    }

    @Test func `the end of a session ends its create job, whose worker then gives up`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let create = try #require(subject.claim)
            #expect(try await farm.queue.commit(create, accelerator: "kvm") == .ok)
            try await farm.queue.stop(subject.session)
            #expect(try await farm.queue.finish(try #require(try await farm.claim())) == .ok)
            #expect(try await farm.jobState(create.job) == .done)
            #expect(try await farm.queue.renew([create], lease: Farm.lease) == [.stale])
            #expect(try await farm.queue.end(subject.session, fence: create.fence, reason: .failed, detail: "") == .ok)
            #expect(try await farm.queue.session(subject.session)?.reason == .stopped)
        }
    }

    @Test(arguments: [true, false])
    func `a lost session is stopped when its host is back`(lives: Bool) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .lost)
            for _ in 0..<2 { #expect(try await farm.queue.stop(subject.session) == .lost) }
            let placed = try await farm.host(living: lives ? [subject.session] : [])
            let fence = try #require(subject.claim).fence
            #expect(placed == [PlacedSession(id: subject.session, fence: fence, state: lives ? .stopping : .lost)])
            if lives {
                let claim = try #require(try await farm.claim())
                #expect(claim.kind == .stop)
                #expect(try await farm.queue.finish(claim) == .ok)
            } else {
                #expect(try await farm.queue.end(subject.session, fence: fence, reason: .lost, detail: "gone") == .ok)
                #expect(try await farm.claim() == nil)
            }
            // What was asked for is the reason, whichever way it came about.
            #expect(try await farm.queue.session(subject.session)?.reason == .stopped)
            let history = try await farm.history(subject.session)
            #expect(
                history == [.queued, .starting, .running, .lost] + (lives ? [.running, .stopping] : []) + [.ended])
            #expect(try await farm.reserved() == [0, 0, 0])
        }
    }

    @Test func `a host that takes the stop job before its heart beats again ends the lost session`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .lost)
            #expect(try await farm.queue.stop(subject.session) == .lost)
            let claim = try #require(try await farm.claim())
            #expect(try await farm.queue.finish(claim) == .ok)
            #expect(try await farm.state(subject.session) == .ended)
        }
    }

    @Test func `a session that nobody knows can't be stopped`() async throws {
        try await withFarm { farm in
            let digest = try await farm.digest()
            #expect(try await farm.queue.stop(farm.id()) == nil)
            #expect(try await farm.digest() == digest)
        }
    }
}
