import Domain
import Queue
import Redis
import Testing

/// A machine that ends without a stop job, and what is left of a session after any end.
@Suite(.timeLimit(.minutes(5)))
struct EndTests {
    @Test(arguments: [SessionState.running, .lost], [EndReason.poweredOff, .crashed, .viewerLeft, .lost, .failed])
    func `a machine that ended by itself ends its session with the reason`(state: SessionState, reason: EndReason)
        async throws
    {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: state)
            let fence = try #require(subject.claim).fence
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: reason, detail: "so") == .ok)
            let digest = try await farm.digest()
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: .admin, detail: "") == .ok)
            #expect(try await farm.digest() == digest)
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.reason == reason)
            #expect(session.detail == "so")
            #expect(!session.displayReady)
        }
    }

    @Test(arguments: [SessionState.queued, .starting])
    func `a session that does not run yet is not ended by its machine`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: state)
            let fence = try #require(try await farm.queue.session(subject.session)).fence
            let digest = try await farm.digest()
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: .crashed, detail: "") == .stale)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test func `a machine that is none of the session's any more does not end it`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            let fence = try #require(subject.claim).fence
            let digest = try await farm.digest()
            #expect(try await farm.queue.end(subject.session, fence: fence - 1, reason: .crashed, detail: "") == .stale)
            #expect(try await farm.queue.end(farm.id(), fence: fence, reason: .crashed, detail: "") == .stale)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test(arguments: [JobState.waiting, .running, .later, .dead])
    func `a machine that ends before its stop job does takes the job with it`(state: JobState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .stopping)
            let job = "\(subject.session)-stop"
            if state != .waiting {
                let claim = try #require(try await farm.claim())
                switch state {
                case .later:
                    #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(9)) == .later)
                case .dead:
                    #expect(try await farm.queue.fail(claim, .permanent, message: "", delay: .zero) == .dead)
                case .waiting, .running, .done, .cancelled: break
                }
            }
            let fence = try #require(subject.claim).fence
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: .poweredOff, detail: "") == .ok)
            #expect(try await farm.queue.session(subject.session)?.reason == .stopped)
            let expected: JobState =
                switch state {
                case .running: .done
                case .dead: .dead
                case .waiting, .later, .done, .cancelled: .cancelled
                }
            #expect(try await farm.jobState(job) == expected)
            try await farm.pass(.seconds(10))
            #expect(try await farm.queue.promote() == nil)
            #expect(try await farm.claim() == nil)
            #expect(try await farm.members("qwd:jobs:running") == [])
        }
    }

    @Test(arguments: SessionState.allCases)
    func `whatever its state was, an ended session holds nothing and is forgotten in a week`(state: SessionState)
        async throws
    {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: state)
            switch state {
            case .queued:
                try await farm.queue.stop(subject.session)
            case .starting:
                let claim = try #require(subject.claim)
                #expect(try await farm.queue.fail(claim, .permanent, message: "", delay: .zero) == .dead)
            case .running, .lost, .stopping, .ended:
                let fence = try #require(subject.claim).fence
                #expect(try await farm.queue.end(subject.session, fence: fence, reason: .crashed, detail: "") == .ok)
            }
            let id = subject.session.text
            #expect(try await farm.reserved() == [0, 0, 0])
            for key in [
                "qwd:sessions", "qwd:sessions:expiring", "qwd:sessions:owner:ann", "qwd:sessions:person:ann",
                "qwd:sessions:host:h1",
            ] {
                #expect(try await !farm.members(key).contains(id), "\(key)")
            }
            #expect(try await farm.members("qwd:sessions:ended") == [id])
            #expect(try await farm.queue.sessions(.ended).map(\.id) == [subject.session])
            #expect(try await farm.enqueue(limits: .only(perUser: 1)).isNew)
            // One that never ran is of no use for long.
            let kept = Duration.seconds(state == .queued ? 600 : 604_800)
            let keys = ["qwd:session:\(id)", "qwd:events:\(id)", "qwd:sessions:ended:person:ann"]
            for (passed, areThere) in [(kept - .seconds(60), true), (.seconds(61), false)] {
                try await farm.pass(passed)
                _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
                for key in keys { #expect(try await farm.exists(key) == areThere, "\(key)") }
            }
        }
    }
}
