import Domain
import Queue
import Testing

/// The order in which those that wait are served.
@Suite(.timeLimit(.minutes(5)))
struct FairnessTests {
    /// Whose sessions are taken, in order.
    private func order(_ farm: Farm, _ count: Int) async throws -> [String] {
        var owners: [String] = []
        for _ in 0..<count {
            let claim = try #require(try await farm.claim())
            let session = try #require(claim.session)
            owners.append(try #require(try await farm.queue.session(session)).request.owner.text)
        }
        return owners
    }

    @Test func `one person's burst holds nobody else up`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 100, memoryMiB: 100_000)
            for _ in 0..<20 { _ = try await farm.enqueue("ann") }
            let late = try await farm.enqueue("bob")
            let session = try #require(try await farm.queue.session(late.session))
            #expect(try #require(try await farm.queue.position(of: session)) <= 2)
            #expect(try await order(farm, 3).contains("bob"))
        }
    }

    @Test func `two who ask for as much take turns, and who asks for more waits longer`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 100, memoryMiB: 100_000)
            for _ in 0..<6 { _ = try await farm.enqueue("ann", cpu: 2) }
            for _ in 0..<6 { _ = try await farm.enqueue("bob", cpu: 1) }
            let first = try await order(farm, 6)
            #expect(first.count { $0 == "bob" } == 4, "\(first)")
        }
    }

    @Test func `who was away has saved nothing up, and who cancels loses nothing`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 100, memoryMiB: 100_000)
            for _ in 0..<10 { _ = try await farm.enqueue("ann") }
            _ = try await order(farm, 10)
            // Bob, who had nothing so far, does not go before all that Ann asks from now on.
            for _ in 0..<4 {
                _ = try await farm.enqueue("bob")
                _ = try await farm.enqueue("ann")
            }
            let taken = try await order(farm, 8)
            #expect(taken.prefix(6).contains("ann"), "\(taken)")
            let made = try await farm.enqueue("cid")
            let place = try await farm.field("qwd:job:\(made.job)", "place")
            #expect(try await farm.queue.stop(made.session) == .ended)
            let again = try await farm.enqueue("cid")
            #expect(try await farm.field("qwd:job:\(again.job)", "place") == place)
        }
    }

    @Test func `a job that was put back keeps its place`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let first = try await farm.session(in: .starting)
            _ = try await farm.enqueue("bob")
            let claim = try #require(first.claim)
            #expect(try await farm.queue.fail(claim, .transient, message: "no", delay: .zero) == .waiting)
            #expect(try await farm.claim()?.session == first.session)
        }
    }
}
