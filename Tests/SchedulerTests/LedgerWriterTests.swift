import Domain
import Foundation
import Ledger
import Queue
import Redis
@testable import Scheduler
import Testing

/// From the log of events in Redis into the ledger.
@Suite(.timeLimit(.minutes(2)))
struct BookkeeperTests {
    @Test func `what was done is in the ledger once and in order, and nothing else is`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "qwd-books-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let ledger = try await Ledger(path: directory.appending(path: "ledger.sqlite").path)
        try await withStage { stage in
            try await stage.host()
            try await stage.queue.note(.signIn, who: "alice", from: "192.0.2.1", detail: "pam")
            let session = try await stage.running(lifetime: 3600)
            // More than the bookkeeper takes at once, and none of it for the ledger.
            for number in 1...1200 { try await stage.queue.trouble(session, detail: "trouble \(number)") }
            try await stage.queue.note(.stop, who: "alice", from: "192.0.2.1", what: session.text)

            let ledgerWriter = LedgerWriter(ledger: ledger, name: "h1")
            #expect(try await ledgerWriter.round(stage.queue) == 4)
            #expect(try await ledgerWriter.round(stage.queue) == 0)
            let entries = try await ledger.entries()
            #expect(entries.map(\.act) == [.stop, .started, .create, .signIn])
            #expect(entries.map(\.what) == [session.text, session.text, session.text, ""])
            #expect(entries.allSatisfy { $0.who == ([.create, .started].contains($0.act) ? "ann" : "alice") })
            #expect(entries.last?.from == "192.0.2.1")
            #expect(entries[1].detail == "debian on h1")
            #expect(try await stage.queue.audit(limit: 100) == entries)
            #expect(try await stage.queue.audit(limit: 2) == Array(entries.prefix(2)))
        }
        try await ledger.close()
    }

    @Test func `refusals that were merged are in the ledger with their number`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "qwd-books-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let ledger = try await Ledger(path: directory.appending(path: "ledger.sqlite").path)
        try await withStage { stage in
            for _ in 0..<12_000 {
                try await stage.queue.noteRefusal("for administrators alone", who: "eve", from: "192.0.2.1")
            }
            // As if their minute were over.
            for key in try await stage.queue.redis.send(["KEYS", "qwd:refused:*"]).array?.compactMap(\.string) ?? [] {
                _ = try await stage.queue.redis.send(["HSET", key, "since", "1"])
                _ = try await stage.queue.redis.send(["ZADD", "qwd:refused", "1", String(key.dropFirst(12))])
            }
            _ = try await stage.queue.tick(loadCheck: .zero, lease: .seconds(30))
            _ = try await LedgerWriter(ledger: ledger, name: "h1").round(stage.queue)
            let entries = try await ledger.entries()
            // The clock may have begun another minute meanwhile.
            #expect((2...4).contains(entries.count) && entries.allSatisfy { $0.act == .refused })
            #expect(entries.reduce(0) { $0 + $1.count } == 12_000)
        }
        try await ledger.close()
    }

    @Test func `events are kept until every ledger has them, whoever leads`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "qwd-books-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let ledgers = try await [
            Ledger(path: directory.appending(path: "1.sqlite").path),
            Ledger(path: directory.appending(path: "2.sqlite").path),
        ]
        try await withStage { stage in
            let redis = stage.queue.redis
            func events() async throws -> Int { try await redis.send(["XLEN", "qwd:events"]).integer ?? 0 }
            func add(_ count: Int) async throws {
                let script = "for i = 1, \(count) do redis.call('XADD', 'qwd:events', '*', 'session', 'x', 'n', i) end"
                _ = try await redis.send(["EVAL", script, "0"])
                _ = try await stage.queue.tick(loadCheck: .zero, lease: .seconds(30))
            }
            let first = LedgerWriter(ledger: ledgers[0], name: "h1")
            let second = LedgerWriter(ledger: ledgers[1], name: "h2")
            try await first.round(stage.queue)
            try await second.round(stage.queue)
            try await stage.queue.note(.signIn, who: "alice", from: "192.0.2.1")
            for _ in 0..<21 { try await add(5000) }
            let all = try await events()
            #expect(all == 105_001)
            // Only one of two has noted them.
            #expect(try await first.round(stage.queue) == 1)
            try await add(5000)
            #expect(try await events() == all + 5000)
            #expect(try await second.round(stage.queue) == 1)
            try await add(1000)
            // By whole nodes of the stream, and marks.
            let left = try await events()
            #expect((100_000...102_200).contains(left))
            // One that is behind and gone for good: after a week nobody waits for its ledger.
            try await stage.queue.noted(by: "h1", until: nil)
            for _ in 0..<2 { try await add(5000) }
            #expect(try await events() == left + 10_000)
            try await second.round(stage.queue)
            _ = try await redis.send(["ZADD", "qwd:ledgers:seen", "1", "h1"])
            try await add(1000)
            #expect(try await events() <= 102_200)
            #expect(try await redis.send(["HKEYS", "qwd:ledgers"]).array?.compactMap(\.string) == ["h2"])
            for ledger in ledgers { #expect(try await ledger.entries().map(\.act) == [.signIn]) }
        }
        for ledger in ledgers { try await ledger.close() }
    }
}
