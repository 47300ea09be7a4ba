import Domain
import Queue
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EnqueueTests {
    @Test func `a request becomes a queued session and a waiting job`() async throws {
        try await withFarm { farm in
            try await farm.host()
            try await farm.quiet()
            let before = try await farm.now()
            let made = try await farm.enqueue("ann", cpu: 2, memoryMiB: 2048, lifetime: 7200)
            #expect(made.isNew)

            let session = try #require(try await farm.queue.session(made.session))
            #expect(session.state == .queued)
            #expect(session.request == .sample("ann", cpu: 2, memoryMiB: 2048, lifetime: 7200))
            #expect(session.job == made.job)
            #expect(session.createdAt >= before)
            #expect(session.startedAt == nil)
            let job = try #require(try await farm.queue.job(made.job.text))
            #expect(job.state == .waiting)
            #expect(job.kind == .create)
            #expect(job.session == made.session)
            #expect(job.route == "create")
            #expect(job.attempt == 0)

            #expect(try await farm.queue.sessions(of: "ann").map(\.id) == [made.session])
            #expect(try await farm.queue.position(of: session) == 1)
            #expect(try await farm.history(made.session) == [.queued])
            #expect(try await farm.wakes())
        }
    }

    @Test(arguments: [nil, "form:1"])
    func `the same call again answers the same and changes nothing`(once: String?) async throws {
        try await withFarm { farm in
            try await farm.host()
            let (id, job) = (farm.id(), farm.id())
            func call() async throws -> Enqueued {
                try await farm.queue.enqueue(.sample(), once: once, limits: .none, id: id, job: job)
            }
            let first = try await call()
            let digest = try await farm.digest()
            let second = try await call()
            #expect(second.session == first.session)
            #expect(second.job == first.job)
            #expect(!second.isNew)
            #expect(try await farm.digest() == digest)

            // Not even when the session has gone on.
            #expect(try await farm.claim() != nil)
            #expect(try await call().session == first.session)
            #expect(try await farm.state(first.session) == .starting)
            #expect(try await farm.queue.waiting() == 0)
        }
    }

    /// A session that wants a graphics card.
    private func withCard(
        _ farm: Farm, _ owner: PersonName, perUser: Int = 1
    ) async throws(QueueError) -> Enqueued {
        var request = SessionRequest.sample(owner)
        request.resources[.gpu] = 1
        var limits = Limits.none
        limits.gpuPerUser = perUser
        return try await farm.queue.enqueue(request, limits: limits, id: farm.id(), job: farm.id())
    }

    @Test func `two graphics cards are for two sessions, and a third one waits and says for what`() async throws {
        try await withFarm { farm in
            try await farm.host(gpu: 2)
            for owner: PersonName in ["ann", "bob", "cid"] { _ = try await withCard(farm, owner) }
            for _ in 0..<2 {
                let claim = try await farm.claim()
                #expect(claim != nil)
            }
            let third = try await farm.claim()
            #expect(third == nil)
            var request = SessionRequest.sample("cid")
            request.resources[.gpu] = 1
            let verdict = try await farm.verdict("h1", request)
            guard case .full(.gpu, needed: 1, free: 0, _)? = verdict else {
                Issue.record("\(String(describing: verdict))")
                return
            }
            // Who wants none is not held up.
            let other = try await farm.enqueue("dan")
            let claim = try await farm.claim()
            #expect(claim?.session == other.session)
        }
    }

    @Test func `a person has as many graphics cards as the limit says, also with the first session`() async throws {
        try await withFarm { farm in
            try await farm.host(gpu: 4)
            let first = try await withCard(farm, "ann")
            #expect(
                await code { () async throws(QueueError) in _ = try await withCard(farm, "ann") }
                    == .limit(LimitExceeded(resource: .gpu, wanted: 2, allowed: 1)))
            #expect(try await farm.enqueue("ann").isNew)
            #expect(try await withCard(farm, "bob").isNew)
            #expect(try await withCard(farm, "ann", perUser: 0).isNew)
            _ = first
        }
    }

    @Test func `a form sent twice makes one session, and one sent again a day later another`() async throws {
        try await withFarm { farm in
            let first = try await farm.enqueue(once: "form:1", limits: .only(perUser: 1))
            let second = try await farm.enqueue(once: "form:1", limits: .only(perUser: 1))
            #expect(second.session == first.session && second.job == first.job && !second.isNew)
            #expect(try await farm.queue.sessions().count == 1)
            try await farm.pass(.seconds(24 * 3600 + 1))
            #expect(try await farm.enqueue(once: "form:1").isNew)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `a person may have as many sessions as the limit says and not one more`(limit: Int) async throws {
        try await withFarm { farm in
            let limits = Limits.only(perUser: limit)
            var made: [SessionID] = []
            for _ in 0..<limit { made.append(try await farm.enqueue(limits: limits).session) }
            let digest = try await farm.digest()
            let refused = await code { () throws(QueueError) in
                _ = try await farm.enqueue(once: "form:2", limits: limits)
            }
            #expect(refused == .limit(LimitExceeded(resource: .sessions, wanted: limit + 1, allowed: limit)))
            #expect(try await farm.digest() == digest)

            #expect(try await farm.enqueue("bob", limits: limits).isNew)
            try await farm.queue.stop(made[0])
            #expect(try await farm.enqueue(once: "form:2", limits: limits).isNew)
        }
    }

    struct Share: Sendable, CustomTestStringConvertible {
        var hosts: [Int]
        var fraction: Double
        var accepted: [Int]
        var refused: LimitExceeded

        var testDescription: String { "\(fraction) of \(hosts): \(accepted)" }
    }

    @Test(arguments: [
        Share(hosts: [10], fraction: 0.3, accepted: [1, 1, 1], refused: .init(resource: .cpu, wanted: 4, allowed: 3)),
        Share(hosts: [4, 6], fraction: 0.5, accepted: [2, 3], refused: .init(resource: .cpu, wanted: 6, allowed: 5)),
        Share(hosts: [7], fraction: 0.3, accepted: [1, 1], refused: .init(resource: .cpu, wanted: 3, allowed: 2)),
        // 0.29 * 100 and 0.57 * 100 are a little less than a whole number in binary.
        Share(
            hosts: [100], fraction: 0.29, accepted: [1, 28], refused: .init(resource: .cpu, wanted: 30, allowed: 29)),
        Share(hosts: [100], fraction: 0.57, accepted: [57], refused: .init(resource: .cpu, wanted: 58, allowed: 57)),
        // A person's first session is never too much.
        Share(hosts: [10], fraction: 0.3, accepted: [8], refused: .init(resource: .cpu, wanted: 9, allowed: 3)),
        Share(hosts: [2], fraction: 0.3, accepted: [1], refused: .init(resource: .cpu, wanted: 2, allowed: 0)),
    ])
    func `a person may hold a share of the farm, the request counted in`(share: Share) async throws {
        try await withFarm { farm in
            for (number, cpu) in share.hosts.enumerated() {
                try await farm.host("h\(number)", cpu: cpu, memoryMiB: cpu * 1000)
            }
            for (limits, resource) in [
                (Limits.only(cpu: share.fraction), LimitExceeded.Resource.cpu),
                (.only(memory: share.fraction), .memory),
            ] {
                let scale = resource == .cpu ? 1 : 1000
                for size in share.accepted {
                    #expect(
                        try await farm.enqueue(
                            PersonName(recorded: resource.rawValue), cpu: size, memoryMiB: size * 1000, limits: limits
                        ).isNew)
                }
                let refused = await code { () throws(QueueError) in
                    _ = try await farm.enqueue(
                        PersonName(recorded: resource.rawValue), cpu: 1, memoryMiB: 1000, limits: limits)
                }
                // Of memory a part of a processor's thousand MiB may be allowed as well.
                let allowed = Int((Double(share.hosts.reduce(0, +) * scale) * share.fraction).rounded(.toNearestOrEven))
                #expect(
                    refused
                        == .limit(
                            LimitExceeded(
                                resource: resource, wanted: share.refused.wanted * scale,
                                allowed: scale == 1 ? share.refused.allowed : allowed)))
            }
        }
    }

    @Test func `what no host could ever run is refused, and with hosts unknown nothing is`() async throws {
        try await withFarm { farm in
            #expect(try await farm.enqueue(cpu: 1000, memoryMiB: 1_000_000).isNew)
            try await farm.host("small", cpu: 2, memoryMiB: 4096)
            try await farm.host("wide", cpu: 16, memoryMiB: 2048)
            let digest = try await farm.digest()
            let cpu = await code { () throws(QueueError) in _ = try await farm.enqueue(cpu: 17) }
            #expect(cpu == .tooBig(.cpu, largest: 16))
            let memory = await code { () throws(QueueError) in _ = try await farm.enqueue(memoryMiB: 4097) }
            #expect(memory == .tooBig(.memory, largest: 4096))
            #expect(try await farm.digest() == digest)
            #expect(try await farm.enqueue(cpu: 16).isNew)
            #expect(try await farm.enqueue(memoryMiB: 4096).isNew)
        }
    }

    @Test func `the longest life is the farm's, not the person's`() async throws {
        try await withFarm { farm in
            let limits = Limits.only(lifetime: 600)
            for (asked, given) in [(60, 60), (601, 600), (0, 600)] {
                let made = try await farm.enqueue(lifetime: asked, limits: limits)
                #expect(try await farm.queue.session(made.session)?.request.lifetimeSeconds == given)
            }
        }
    }
}
