import Domain
import Queue
import Redis
import Testing

/// Refusals that repeat.
@Suite(.timeLimit(.minutes(2)))
struct RefusalTests {
    private func refused(_ farm: Farm) async throws -> [AuditEntry] {
        try await farm.queue.audit(limit: 100_000).filter { $0.act == .refused }.reversed()
    }

    @Test func `thousands within a minute are two entries with their number`() async throws {
        try await withFarm { farm async throws in
            let new = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var new = 0
                        for number in 0..<1500 {
                            new +=
                                try await farm.queue.noteRefusal(
                                    "not theirs", who: "eve", from: "192.0.2.1", what: "s\(number)") ? 1 : 0
                        }
                        return new
                    }
                }
                return try await group.reduce(0, +)
            }
            // The clock decides where a minute ends.
            #expect((1...2).contains(new))
            _ = try await farm.queue.noteRefusal("not theirs", who: "eve", from: "192.0.2.2")
            _ = try await farm.queue.noteRefusal("for administrators alone", who: "eve", from: "192.0.2.1")
            _ = try await farm.queue.noteRefusal("not theirs", who: "bob", from: "192.0.2.1")
            try await farm.pass(.seconds(60))
            for _ in 0..<2 { _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease) }
            let entries = try await refused(farm)
            let flood = entries.filter { $0.who == "eve" && $0.from == "192.0.2.1" && $0.detail == "not theirs" }
            #expect(flood.count == 2 * new)
            #expect(flood.reduce(0) { $0 + $1.count } == 12_000)
            #expect(flood.first?.what.isEmpty == false && flood.last?.story.hasSuffix(" times)") == true)
            #expect(entries.count == flood.count + 3)
            #expect(try await farm.redis.send(["KEYS", "qwd:refused*"]).array?.isEmpty == true)
        }
    }

    @Test func `the next one after a minute settles the last ones, should nobody else`() async throws {
        try await withFarm { farm async throws in
            for _ in 0..<3 { try await farm.queue.noteRefusal("k", who: "eve", from: "a") }
            try await farm.pass(.seconds(61))
            #expect(try await farm.queue.noteRefusal("k", who: "eve", from: "a"))
            #expect(try await refused(farm).map(\.count) == [1, 2, 1])
        }
    }

    @Test func `no name runs into the address beside it`() async throws {
        try await withFarm { farm async throws in
            #expect(try await farm.queue.noteRefusal("k", who: "eve", from: "a"))
            #expect(try await farm.queue.noteRefusal("k", who: "ev", from: "ea"))
        }
    }
}
