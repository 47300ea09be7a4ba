import Domain
import Queue
import Testing

/// What becomes of a job that did not work out.
@Suite(.timeLimit(.minutes(5)))
struct FailTests {
    @Test func `another try may succeed, three times in all`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await farm.enqueue(cpu: 2, memoryMiB: 2048)
            for attempt in 1...3 {
                let claim = try #require(try await farm.claim())
                #expect(claim.attempt == attempt)
                #expect(try await farm.reserved() == [2, 2048, 1])
                let state = try await farm.queue.fail(claim, .transient, message: "try \(attempt)", delay: .seconds(1))
                #expect(state == (attempt < 3 ? .later : .dead))
                #expect(try await farm.reserved() == [0, 0, 0])
                let session = try #require(try await farm.queue.session(made.session))
                #expect(session.detail == "try \(attempt)")
                #expect(session.state == (attempt < 3 ? .queued : .ended))
                #expect(try await farm.queue.job(claim.job)?.error == "try \(attempt)")
                #expect(try await farm.claim() == nil)
                try await farm.pass(.seconds(2))
                #expect(try await farm.queue.promote() == nil)
            }
            let session = try #require(try await farm.queue.session(made.session))
            #expect(session.reason == .failed)
            #expect(try await farm.members("qwd:jobs:dead") == [made.job.text])
            #expect(
                try await farm.history(made.session) == [
                    .queued, .starting, .queued, .starting, .queued, .starting, .ended,
                ])
        }
    }

    @Test func `what can never succeed is not tried again`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let claim = try #require(subject.claim)
            #expect(try await farm.queue.fail(claim, .permanent, message: "no image", delay: .seconds(1)) == .dead)
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.state == .ended)
            #expect(session.reason == .failed)
            #expect(session.detail == "no image")
            #expect(try await farm.reserved() == [0, 0, 0])
        }
    }

    @Test func `no room after all costs no attempt, however often`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await farm.enqueue()
            for _ in 0..<6 {
                let claim = try #require(try await farm.claim())
                #expect(claim.attempt == 1)
                #expect(try await farm.queue.fail(claim, .noRoom, message: "full", delay: .zero) == .waiting)
            }
            #expect(try await farm.state(made.session) == .queued)
            #expect(try await farm.reserved() == [0, 0, 0])
        }
    }

    @Test func `jobs wait for their time, and the scheduler learns when that is`() async throws {
        try await withFarm { farm in
            try await farm.host()
            #expect(try await farm.queue.promote() == nil)
            for seconds in [3000, 1000, 2000] {
                let claim = try #require(try await farm.session(in: .starting).claim)
                #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(seconds)) == .later)
            }
            let next = try #require(try await farm.queue.promote())
            #expect(next > .seconds(700) && next <= .seconds(1000))
            #expect(try await farm.queue.waiting() == 0)
            try await farm.pass(.seconds(2100))
            let last = try #require(try await farm.queue.promote())
            #expect(last > .seconds(500) && last <= .seconds(900))
            #expect(try await farm.queue.waiting() == 2)
        }
    }

    @Test func `a stop job is tried five times and then waits for an administrator`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .stopping)
            for attempt in 1...5 {
                let claim = try #require(try await farm.claim())
                #expect(claim.attempt == attempt)
                let state = try await farm.queue.fail(claim, .transient, message: "QEMU stays", delay: .zero)
                #expect(state == (attempt < 5 ? .waiting : .dead))
            }
            #expect(try await farm.state(subject.session) == .stopping)
            #expect(try await farm.reserved() == [1, 1024, 1])

            let job = "\(subject.session)-stop"
            let id = farm.id()
            #expect(try await farm.queue.retry(job, newSession: id) == subject.session)
            let digest = try await farm.digest()
            #expect(try await farm.queue.retry(job, newSession: id) == subject.session)
            #expect(try await farm.digest() == digest)
            let claim = try #require(try await farm.claim())
            #expect(claim.attempt == 1)
            #expect(try await farm.queue.finish(claim) == .ok)
            #expect(try await farm.queue.session(subject.session)?.reason == .stopped)
            #expect(try await farm.members("qwd:jobs:dead") == [])
        }
    }

    @Test func `a dead create job gets a new session with the same wishes`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await farm.enqueue(cpu: 2, memoryMiB: 2048, lifetime: 60, once: "form:1")
            let old = try #require(try await farm.claim())
            #expect(try await farm.queue.fail(old, .permanent, message: "no", delay: .zero) == .dead)

            let id = farm.id()
            #expect(try await farm.queue.retry(made.job.text, newSession: id) == id)
            let digest = try await farm.digest()
            #expect(try await farm.queue.retry(made.job.text, newSession: id) == id)
            #expect(try await farm.digest() == digest)
            let again = await code { () throws(QueueError) in
                _ = try await farm.queue.retry(made.job.text, newSession: farm.id())
            }
            #expect(again == .refused)
            #expect(try await farm.digest() == digest)

            #expect(try await farm.state(made.session) == .ended)
            let session = try #require(try await farm.queue.session(id))
            #expect(session.request == .sample(cpu: 2, memoryMiB: 2048, lifetime: 60))
            #expect(session.job == made.job)
            #expect(try await farm.queue.sessions(of: "ann").map(\.id) == [id])
            // The owner of the old session's last claim has no say in the new one.
            #expect(try await farm.queue.fail(old, .permanent, message: "", delay: .zero) == nil)
            let claim = try #require(try await farm.claim())
            #expect(claim.session == id)
            #expect(claim.attempt == 1)
            #expect(try await farm.enqueue(once: "form:1").session == id)
        }
    }

    @Test(arguments: JobState.allCases.filter { $0 != .dead })
    func `only a dead job can be tried again`(state: JobState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject =
                switch state {
                case .waiting: try await farm.session(in: .queued)
                case .done: try await farm.session(in: .running)
                case .running, .later, .dead, .cancelled: try await farm.session(in: .starting)
                }
            if state == .later {
                let claim = try #require(subject.claim)
                #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(9)) == .later)
            }
            if state == .cancelled {
                try await farm.queue.stop(subject.session)
                let claim = try #require(subject.claim)
                #expect(try await farm.queue.fail(claim, .transient, message: "", delay: .seconds(9)) == .cancelled)
            }
            #expect(try await farm.jobState(subject.job) == state)
            let digest = try await farm.digest()
            let refused = await code { () throws(QueueError) in
                _ = try await farm.queue.retry(subject.job, newSession: farm.id())
            }
            #expect(refused == .refused)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test func `a job that nobody knows or whose session is forgotten is not tried again`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let unknown = await code { () throws(QueueError) in
                _ = try await farm.queue.retry("x", newSession: farm.id())
            }
            #expect(unknown == .refused)
            let claim = try #require(try await farm.session(in: .starting).claim)
            #expect(try await farm.queue.fail(claim, .permanent, message: "", delay: .zero) == .dead)
            try await farm.pass(.seconds(8 * 24 * 3600))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            let digest = try await farm.digest()
            #expect(try await farm.queue.retry(claim.job, newSession: farm.id()) == nil)
            #expect(try await farm.digest() == digest)
        }
    }
}
