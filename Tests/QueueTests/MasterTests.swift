import Domain
@testable import Queue
import Redis
import Testing

/// Sessions that write to the disk that a machine itself is made of.
@Suite(.timeLimit(.minutes(5)))
struct MasterTests {
    private func request(_ machine: String = "debian", on host: String = "h1") -> SessionRequest {
        var request = SessionRequest.sample(machine: machine)
        request.host = host
        request.usesMaster = true
        return request
    }

    private func enqueue(_ farm: Farm, _ request: SessionRequest) async throws(QueueError) -> Enqueued {
        try await farm.queue.enqueue(request, limits: .none, id: farm.id(), job: farm.id())
    }

    @Test func `is alone with its machine on every host, and others wait for its end`() async throws {
        try await withFarm { farm in
            try await farm.host("h1", machines: ["debian", "windows"])
            try await farm.host("h2", machines: ["debian", "windows"])
            let master = try await enqueue(farm, request())
            #expect(try await farm.field("qwd:machines:masters", "debian") == master.session.text)
            let waiting = try await farm.enqueue()
            let other = try await farm.enqueue(machine: "windows")
            #expect(try await farm.verdict("h2") == .master("debian"))
            #expect(try await farm.claim("h2")?.session == other.session)
            // A host that tells anew what it has changes nothing.
            try await farm.host("h2", machines: ["debian"])
            #expect(try await farm.claim("h2") == nil)
            let claim = try #require(try await farm.claim("h1"))
            #expect(claim.session == master.session)
            #expect(try await farm.queue.isOffered("debian", lease: Farm.lease))
            try await farm.quiet("h2")

            #expect(try await farm.queue.fail(claim, .permanent, message: "no", delay: .zero) == .dead)
            #expect(try await !farm.exists("qwd:machines:masters"))
            #expect(try await farm.wakes("h2"))
            #expect(try await farm.claim("h2")?.session == waiting.session)
        }
    }

    @Test(arguments: [SessionState.starting, .running, .lost])
    func `is refused while another one has the machine`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: state)
            let before = try await farm.digest()
            let refused = await code { () throws(QueueError) in _ = try await enqueue(farm, request()) }
            #expect(refused == .refused)
            #expect(try await farm.digest() == before)
            #expect(try await farm.queue.session(subject.session)?.state == state)
        }
    }

    @Test func `is refused while there is another of its kind, also when a dead one is tried again`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let first = try await enqueue(farm, request())
            let refused = await code { () throws(QueueError) in _ = try await enqueue(farm, request()) }
            #expect(refused == .refused)
            let claim = try #require(try await farm.claim())
            #expect(try await farm.queue.fail(claim, .permanent, message: "no", delay: .zero) == .dead)
            let second = try await enqueue(farm, request())
            let fresh = try #require(SessionID(farm.id().text))
            let retried = await code { () throws(QueueError) in
                _ = try await farm.queue.retry(first.job.text, newSession: fresh)
            }
            #expect(retried == .refused)
            #expect(try await farm.queue.stop(second.session) == .ended)
            #expect(try await farm.queue.retry(first.job.text, newSession: fresh) == fresh)
            #expect(try await farm.field("qwd:machines:masters", "debian") == fresh.text)
        }
    }

    @Test func `keeps the machine to itself when its host is forgotten, or the queue has lost its data`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await enqueue(farm, request())
            let claim = try #require(try await farm.claim())
            _ = try await farm.redis.send(["FLUSHALL"])
            try await farm.host()
            let session = try #require(claim.session)
            let taken = try await farm.queue.takeUp(
                session, fence: claim.fence, on: "h1", accelerator: "tcg", request: request())
            #expect(taken == .ok && session == made.session)
            _ = try await farm.enqueue()
            #expect(try await farm.claim() == nil)
            try await farm.pass(.minutes(200))
            #expect(try await farm.queue.forget(host: "h1", lease: Farm.lease) == 1)
            #expect(try await !farm.exists("qwd:machines:masters"))
            #expect(try await !farm.exists("qwd:hosts:tag:machine:debian"))
        }
    }

    @Test func `a session for one host waits for that one`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            try await farm.host("h2")
            var wanted = SessionRequest.sample()
            wanted.host = "h2"
            wanted.image = "/a b/disk.img"
            wanted.title = "A title"
            let made = try await enqueue(farm, wanted)
            #expect(try await farm.claim("h1") == nil)
            #expect(try await farm.verdict("h1", wanted) == .lacks("host:h2"))
            #expect(try await farm.claim("h2")?.session == made.session)
            #expect(try await farm.queue.session(made.session)?.request == wanted)
        }
    }
}
