import Domain
import Queue
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ExtendTests {
    @Test func `a session lives longer, up to the limit, counted from its start`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, lifetime: 10_000)
            let start = try #require(try await farm.queue.session(subject.session)?.startedAt)
            let limits = Limits.only(lifetime: 25_000)
            for seconds in [20_000, 25_000, 25_000] {
                let end = try await farm.queue.extend(subject.session, seconds: 10_000, limits: limits)
                #expect(end == start + Int64(seconds) * 1000)
                #expect(try await farm.queue.session(subject.session)?.expiresAt == end)
            }
            #expect(try await farm.queue.extend(subject.session, seconds: 10_000, limits: .none) == start + 35_000_000)
            // A limit that was lowered meanwhile takes nothing away.
            #expect(try await farm.queue.extend(subject.session, seconds: 10_000, limits: limits) == start + 35_000_000)
            try await farm.pass(.seconds(34_000))
            #expect(try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease).expired == 0)
            try await farm.pass(.seconds(1001))
            #expect(try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease).expired == 1)
        }
    }

    @Test func `the same wish twice counts once`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, lifetime: 100)
            let seen = try #require(try await farm.queue.session(subject.session)?.expiresAt)
            func extend(_ seen: Int64) async throws -> Int64? {
                try await farm.queue.extend(subject.session, seconds: 100, limits: .none, seen: seen)
            }
            #expect(try await extend(seen) == seen + 100_000)
            let digest = try await farm.digest()
            #expect(try await extend(seen) == seen + 100_000)
            #expect(try await farm.digest() == digest)
            #expect(try await extend(seen + 100_000) == seen + 200_000)
        }
    }

    @Test(arguments: SessionState.allCases.filter { $0 != .running })
    func `only a running session can be extended`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: state)
            let digest = try await farm.digest()
            #expect(try await farm.queue.extend(subject.session, seconds: 100, limits: .none) == nil)
            #expect(try await farm.queue.extend(farm.id(), seconds: 100, limits: .none) == nil)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test func `a session without end stays so`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, lifetime: 0)
            #expect(try await farm.queue.extend(subject.session, seconds: 100, limits: .none) == 0)
            #expect(try await farm.queue.session(subject.session)?.expiresAt == nil)
        }
    }
}
