import Queue
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LeadTests {
    @Test func `one of two schedulers leads until it falls silent`() async throws {
        try await withFarm { farm in
            let queue = farm.queue
            #expect(try await queue.lead("a", lease: Farm.lease) == 1)
            #expect(try await queue.lead("b", lease: Farm.lease) == nil)
            try await farm.pass(.minutes(40))
            #expect(try await queue.lead("a", lease: Farm.lease) == 1)
            try await farm.pass(.minutes(40))
            #expect(try await queue.lead("b", lease: Farm.lease) == nil)
            try await farm.pass(.minutes(21))
            #expect(try await queue.lead("b", lease: Farm.lease) == 2)
            #expect(try await queue.lead("a", lease: Farm.lease) == nil)
            // Who comes back after a silence leads a new term, because anything may have happened.
            try await farm.pass(.minutes(61))
            #expect(try await queue.lead("b", lease: Farm.lease) == 3)
        }
    }

    @Test func `the leader may give it up, and nobody else may for it`() async throws {
        try await withFarm { farm in
            let queue = farm.queue
            #expect(try await queue.lead("a", lease: Farm.lease) == 1)
            let digest = try await farm.digest()
            #expect(try await queue.lead("b", lease: .zero) == nil)
            #expect(try await farm.digest() == digest)
            for _ in 0..<2 { #expect(try await queue.lead("a", lease: .zero) == nil) }
            #expect(try await queue.lead("b", lease: .zero) == nil)
            #expect(try await queue.lead("b", lease: Farm.lease) == 2)
        }
    }
}
