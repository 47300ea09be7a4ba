import Domain
import Queue
import Testing

/// What a host takes, and in which order.
@Suite(.timeLimit(.minutes(5)))
struct ClaimTests {
    @Test func `a claim takes the job, makes its session starting and promises the host's capacity`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await farm.enqueue(cpu: 2, memoryMiB: 3000)
            let claim = try #require(try await farm.claim())
            #expect(claim.job == made.job.text)
            #expect(claim.kind == .create)
            #expect(claim.session == made.session)
            #expect(claim.attempt == 1)

            let session = try #require(try await farm.queue.session(made.session))
            #expect(session.state == .starting)
            #expect(session.host == "h1")
            #expect(session.fence == claim.fence)
            #expect(session.step == .claim)
            let job = try #require(try await farm.queue.job(made.job.text))
            #expect(job.state == .running)
            #expect(job.fence == claim.fence)
            #expect(job.worker == "h1")
            let left = try #require(job.leaseUntil) - Int64(try await farm.now())
            #expect((3_300_000...3_600_000).contains(left))
            #expect(try await farm.reserved() == [2, 3000, 1])
            #expect(try await farm.claim() == nil)
            #expect(try await farm.history(made.session) == [.queued, .starting])
        }
    }

    @Test func `jobs are taken in the order in which they came`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var made: [SessionID] = []
            for owner in ["ann", "bob", "cid"] as [PersonName] { made.append(try await farm.enqueue(owner).session) }
            var taken: [SessionID?] = []
            for _ in made { taken.append(try await farm.claim()?.session) }
            #expect(taken == made)
        }
    }

    @Test func `every claim has a fence of its own, higher than all before`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var last = 0
            for _ in 0..<4 {
                let subject = try await farm.session(in: .stopping)
                let create = try #require(subject.claim)
                let stop = try #require(try await farm.claim())
                #expect(last < create.fence && create.fence < stop.fence)
                last = stop.fence
                #expect(try await farm.queue.finish(stop) == .ok)
            }
        }
    }

    @Test func `a host does its own short jobs first, and only these when it has no slot for more`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let stopping = try await farm.session(in: .stopping)
            let waiting = try await farm.session(in: .queued)
            let first = try #require(try await farm.claim(creates: false))
            #expect(first.kind == .stop)
            #expect(first.session == stopping.session)
            #expect(try await farm.claim(creates: false) == nil)
            #expect(try await farm.claim()?.session == waiting.session)
        }
    }

    @Test func `a job that does not fit is passed over for one that does`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 8, memoryMiB: 8192)
            _ = try await farm.enqueue(cpu: 6, memoryMiB: 1024)
            #expect(try await farm.claim() != nil)
            let wide = try await farm.enqueue("bob", cpu: 3, memoryMiB: 1024)
            let large = try await farm.enqueue("bob", cpu: 1, memoryMiB: 8000)
            let exact = try await farm.enqueue("bob", cpu: 2, memoryMiB: 7168)
            #expect(try await farm.claim()?.session == exact.session)
            #expect(try await farm.reserved() == [8, 8192, 2])

            #expect(
                try await farm.verdict("h1", .sample(cpu: 3)) == .full(.cpu, needed: 3, free: 0, nextEnd: nil))
            #expect(try await farm.queue.position(of: try #require(try await farm.queue.session(wide.session))) == 1)
            #expect(try await farm.queue.position(of: try #require(try await farm.queue.session(large.session))) == 2)
        }
    }

    @Test func `why a session waits is a code with its numbers, of every host that is not silent`() async throws {
        try await withFarm { farm in
            // The one lacks processors, the other memory, and so on.
            try await farm.host("a", cpu: 4, memoryMiB: 9000)
            try await farm.host("b", cpu: 8, memoryMiB: 9000)
            try await farm.host("c", cpu: 8, memoryMiB: 9000)
            try await farm.host("d", cpu: 1, memoryMiB: 9000)
            try await farm.host("e", machines: ["windows"])
            try await farm.host("silent")
            try await farm.silence("silent")
            _ = try await farm.queue.drain("c", true)
            for host in ["a", "b"] {
                let made = try await farm.enqueue(
                    "bob", cpu: host == "a" ? 3 : 1, memoryMiB: host == "a" ? 1 : 8000, lifetime: 720)
                let claim = try #require(try await farm.claim(host))
                #expect(claim.session == made.session)
                _ = try await farm.queue.commit(claim, accelerator: "kvm")
            }
            let placement = try await farm.queue.place(
                .sample(cpu: 2, memoryMiB: 2000), limits: .none, lease: Farm.lease)
            var verdicts: [String: Placement.Verdict] = [:]
            for host in placement.hosts { verdicts[host.host] = host.verdict }
            #expect(verdicts.keys.sorted() == ["a", "b", "c", "d", "e"])
            guard case .full(.cpu, 2, 1, let end?) = verdicts["a"] else { throw Missing() }
            #expect(end > .seconds(500) && end <= .seconds(720))
            guard case .full(.memory, 2000, 1000, .some) = verdicts["b"] else { throw Missing() }
            #expect(verdicts["c"] == .draining)
            #expect(verdicts["d"] == .tooSmall(.cpu, needed: 2, there: 1))
            #expect(verdicts["e"] == .lacks("machine:debian"))
            #expect(placement.blocker == .host(.init(host: "a", verdict: try #require(verdicts["a"]))))
            try await farm.host("f")
            #expect(
                try await farm.queue.place(.sample(cpu: 2), limits: .none, lease: Farm.lease).blocker == nil)
        }
    }

    private struct Missing: Error {}

    @Test func `a host takes only machines that it offers and sessions that it could hold`() async throws {
        try await withFarm { farm in
            try await farm.host("small", cpu: 2, memoryMiB: 2048, machines: ["debian"])
            try await farm.host("large", cpu: 8, memoryMiB: 8192, machines: ["debian", "windows"])
            let windows = try await farm.enqueue(machine: "windows")
            let wide = try await farm.enqueue(cpu: 4)
            let small = try await farm.enqueue()
            #expect(try await farm.claim("small")?.session == small.session)
            #expect(try await farm.claim("small") == nil)
            #expect(try await farm.claim("large")?.session == windows.session)
            #expect(try await farm.claim("large")?.session == wide.session)
            #expect(try await farm.verdict("small", .sample(cpu: 4)) == .tooSmall(.cpu, needed: 4, there: 2))
        }
    }

    @Test func `a job far behind is found when all before it are for other hosts`() async throws {
        try await withFarm { farm in
            try await farm.host("h1", machines: ["debian"])
            for _ in 0..<250 { _ = try await farm.enqueue(machine: "windows") }
            let mine = try await farm.enqueue(machine: "debian")
            #expect(try await farm.claim()?.session == mine.session)
            #expect(try await farm.claim() == nil)
            #expect(try await farm.queue.waiting() == 250)
        }
    }

    @Test(arguments: [(15, true), (61, false)])
    func `a job that was passed over for a minute is promised the next room of one host`(seconds: Int, passes: Bool)
        async throws
    {
        try await withFarm { farm in
            try await farm.host(cpu: 8)
            let first = try await farm.session(in: .running, cpu: 6)
            let large = try await farm.enqueue("bob", cpu: 4)
            try await farm.pass(.seconds(seconds))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            let small = try await farm.enqueue("cid", cpu: 1)
            let taken = try await farm.claim()
            #expect(taken?.session == (passes ? small.session : nil))
            if !passes { #expect(try await farm.verdict() == .promised) }

            // Its turn comes as soon as there is room.
            let fence = try #require(first.claim).fence
            #expect(try await farm.queue.end(first.session, fence: fence, reason: .crashed, detail: "") == .ok)
            #expect(try await farm.claim()?.session == large.session)
            if !passes { #expect(try await farm.claim()?.session == small.session) }
        }
    }

    @Test func `while one host keeps its room for a large job, all others go on`() async throws {
        try await withFarm { farm in
            for host in ["a", "b", "c", "d", "e", "f", "g", "h"] { try await farm.host(host, cpu: 4) }
            var running: [Claim] = []
            for host in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                _ = try await farm.enqueue("bob", cpu: 1)
                running.append(try #require(try await farm.claim(host)))
            }
            // Three large ones, of different kinds: no more than a quarter of the hosts waits for them.
            let large = [
                try await farm.enqueue("cid", cpu: 4), try await farm.enqueue("cid", cpu: 4, memoryMiB: 2048),
                try await farm.enqueue("cid", cpu: 4, memoryMiB: 3072),
            ]
            try await farm.pass(.seconds(61))
            for _ in 0..<3 { _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease) }
            var took: [SessionID] = []
            for host in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                let small = try await farm.enqueue("ann", cpu: 1).session
                if let claim = try await farm.claim(host) { took.append(claim.session ?? small) }
            }
            #expect(took.count == 6)
            let promised = try #require(try await farm.queue.job(large[0].job.text))
            let host = try #require(try await farm.field("qwd:job:\(promised.id)", "promised_on"))
            #expect(try await farm.field("qwd:host:\(host)", "promised_to") == promised.id)
            // Given up, it holds nobody any more.
            try await farm.quiet(host)
            try await farm.queue.stop(large[0].session)
            #expect(try await farm.wakes(host))
            #expect(try await farm.claim(host) != nil)
        }
    }

    @Test func `a job that is too large for a host does not keep others from that host`() async throws {
        try await withFarm { farm in
            try await farm.host("small", cpu: 2)
            try await farm.host("large", cpu: 8)
            _ = try await farm.enqueue(cpu: 4)
            try await farm.pass(.seconds(3600))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease * 2)
            let small = try await farm.enqueue()
            #expect(try await farm.claim("small")?.session == small.session)
        }
    }

    @Test func `a job that came back from a worker is the next one again and keeps its seniority`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let first = try await farm.session(in: .starting)
            let second = try await farm.enqueue("bob")
            let queuedAt = try await farm.queue.job(first.job)?.queuedAt
            let claim = try #require(first.claim)
            #expect(try await farm.queue.fail(claim, .noRoom, message: "full", delay: .seconds(3)) == .later)
            try await farm.pass(.seconds(4))
            #expect(try await farm.queue.promote() == nil)
            #expect(try await farm.queue.job(first.job)?.queuedAt == queuedAt.map { $0 - 4000 })
            #expect(try await farm.claim()?.session == first.session)
            #expect(try await farm.claim()?.session == second.session)
        }
    }

    @Test func `a claim whose reply was lost is answered again with the same key`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            _ = try await farm.enqueue("bob")
            _ = try await farm.enqueue("cid")
            let create = try #require(try await farm.claim(once: "1"))
            let digest = try await farm.digest()
            #expect(try await farm.claim(once: "1") == create)
            #expect(try await farm.digest() == digest)

            #expect(try await farm.queue.stop(subject.session) == .stopping)
            let stop = try #require(try await farm.claim(once: "2"))
            #expect(stop.kind == .stop)
            #expect(try await farm.claim(once: "2") == stop)

            // A job that is over is not answered again.
            #expect(try await farm.queue.finish(stop) == .ok)
            let next = try #require(try await farm.claim(once: "2"))
            #expect(next.kind == .create)
            #expect(next.job != create.job)
        }
    }
}
