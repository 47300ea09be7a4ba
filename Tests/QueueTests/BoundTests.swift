import Domain
import Queue
import Redis
import Testing

/// What one client can do to the queue, and to the memory behind it.
@Suite(.timeLimit(.minutes(5)))
struct BoundTests {
    private func refusal(_ farm: Farm, _ client: LimitedClient? = nil, _ limits: Limits) async -> LimitExceeded? {
        let found = await code { () throws(QueueError) in
            _ = try await farm.enqueue(client: client, limits: limits)
        }
        if case .limit(let limit) = found { return limit }
        return nil
    }

    @Test func `so many wait in all and no more, whoever asks`() async throws {
        try await withFarm { farm async throws in
            let limits = Limits.only(waiting: 3)
            for owner in ["a", "b", "c"] as [PersonName] { _ = try await farm.enqueue(owner, limits: limits) }
            let digest = try await farm.digest()
            let refused = try #require(await refusal(farm, .person("d"), limits))
            #expect(refused.resource == .waiting && refused.wanted == 4 && refused.allowed == 3)
            #expect(try await farm.digest() == digest)
            try await farm.host()
            #expect(try await farm.claim() != nil)
            #expect(try await farm.enqueue("d", limits: limits).isNew)
        }
    }

    @Test(arguments: [
        (LimitedClient.person("ann"), LimitedClient.person("bob")), (.address("192.0.2.1"), .address("192.0.2.2")),
        (.browser(digest: "x", address: "192.0.2.1"), .browser(digest: "x", address: "192.0.2.2")),
    ])
    func `so many of one client wait and no more`(one: LimitedClient, other: LimitedClient) async throws {
        try await withFarm { farm async throws in
            let limits = Limits.only(waitingPerUser: 2)
            let first = try await farm.enqueue(client: one, limits: limits)
            // Who it is for makes no difference.
            _ = try await farm.enqueue("bob", client: one, limits: limits)
            let refused = try #require(await refusal(farm, one, limits))
            #expect(refused.resource == .waitingOwn && refused.allowed == 2)
            #expect(try await farm.enqueue(client: other, limits: limits).isNew)
            try await farm.queue.stop(first.session)
            #expect(try await farm.enqueue(client: one, limits: limits).isNew)
        }
    }

    @Test func `a name proves nothing where a browser or an address is counted`() async throws {
        try await withFarm { farm async throws in
            let limits = Limits.only(perUser: 1)
            let (one, other) = (
                LimitedClient.browser(digest: "x", address: "a"), LimitedClient.browser(digest: "y", address: "a")
            )
            _ = try await farm.enqueue("ann", client: one, limits: limits)
            let mine = try #require(await refusal(farm, one, limits))
            #expect(mine.resource == .sessions && !mine.isOfAddress)
            #expect(try await farm.enqueue("ann", client: other, limits: limits).isNew)
            #expect(try await farm.enqueue("ann", client: .address("a"), limits: limits).isNew)
            let shared = try #require(await refusal(farm, .address("a"), limits))
            #expect(shared.isOfAddress && !shared.description.contains("Stop"))
        }
    }

    @Test func `so many are made within a minute, also of those that are cancelled`() async throws {
        try await withFarm { farm async throws in
            let limits = Limits.only(creationsPerMinute: 5)
            for _ in 0..<5 { try await farm.queue.stop(try await farm.enqueue(limits: limits).session) }
            let refused = try #require(await refusal(farm, nil, limits))
            #expect(refused.resource == .rate && refused.allowed == 5)
            #expect(refused.retryAfter > .seconds(50) && refused.retryAfter <= .seconds(60))
            #expect(try await farm.enqueue("bob", limits: limits).isNew)
            try await farm.pass(.seconds(61))
            #expect(try await farm.enqueue(limits: limits).isNew)
        }
    }

    @Test func `the same request again is answered as before, however many were made since`() async throws {
        try await withFarm { farm async throws in
            let limits = Limits.only(waiting: 1, waitingPerUser: 1, creationsPerMinute: 1)
            let first = try await farm.enqueue(once: "form:1", limits: limits)
            #expect(try await farm.enqueue(once: "form:1", limits: limits).session == first.session)
        }
    }

    @Test func `starting and cancelling leaves nothing behind that grows`() async throws {
        try await withFarm { farm async throws in
            func keys() async throws -> Int { try await farm.redis.send(["DBSIZE"]).integer ?? 0 }
            for _ in 0..<745 { try await farm.queue.stop(try await farm.enqueue().session) }
            // A session, its log and its job for each of the last ones, and lists.
            let most = 3 * 300 + 20
            #expect(try await keys() <= most)
            #expect(try await farm.queue.sessions(.ended).count == 300)
            try await farm.pass(.seconds(601))
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease)
            #expect(try await farm.queue.sessions(.ended).isEmpty)
            #expect(try await farm.redis.send(["KEYS", "qwd:session:*"]).array?.isEmpty == true)
            #expect(try await keys() <= 10)
        }
    }

    @Test func `of the ended ones so many are kept in all, the newest`() async throws {
        try await withFarm { farm async throws in
            try await farm.host()
            var made: [SessionID] = []
            for number in 0..<6 {
                made.append(
                    try await farm.session(in: .ended, owner: PersonName(recorded: "user\(number)")).session)
            }
            _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease, endedKept: 4)
            #expect(try await Set(farm.queue.sessions(.ended).map(\.id)) == Set(made.suffix(4)))
            #expect(try await farm.queue.session(made[0]) == nil)
            #expect(try await !farm.exists("qwd:events:\(made[1])"))
            #expect(try await farm.queue.ended(of: "user0", limit: 10).isEmpty)
            #expect(try await farm.queue.ended(of: "user5", limit: 10).map(\.id) == [made[5]])
        }
    }

    @Test func `what only a silent host could run is refused, and it gives nobody a share`() async throws {
        try await withFarm { farm async throws in
            try await farm.host("large", cpu: 64, memoryMiB: 65_536)
            try await farm.host("small", cpu: 4, memoryMiB: 4096)
            #expect(try await farm.enqueue(cpu: 32).isNew)
            try await farm.silence("large")
            try await farm.reap()
            let refused = await code { () throws(QueueError) in _ = try await farm.enqueue(cpu: 32) }
            #expect(refused == .tooBig(.cpu, largest: 4))
            // While all are silent, nobody knows which come back.
            try await farm.silence("small")
            try await farm.reap()
            #expect(try await farm.enqueue(cpu: 32).isNew)
        }
    }
}
