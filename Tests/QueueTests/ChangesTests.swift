import Domain
import Queue
import Redis
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(5)))
struct ChangesTests {
    @Test func `every change is told as it happens, with its event and state`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var changes = farm.queue.changes().makeAsyncIterator()
            #expect(await changes.next() == .reconnected)
            let subject = try await farm.session(in: .running)
            try await farm.queue.stop(subject.session)
            for event in try await farm.queue.events(of: subject.session) {
                #expect(await changes.next() == .session(subject.session, event: event.id, state: event.state))
            }
        }
    }

    @Test func `after a lost connection the readers are told to look for themselves`() async throws {
        try await withFarm { farm in
            var changes = farm.queue.changes().makeAsyncIterator()
            #expect(await changes.next() == .reconnected)
            try await farm.server.restart()
            #expect(await changes.next() == .reconnected)
            let made = try await farm.enqueue()
            let event = try #require(try await farm.queue.events(of: made.session).first)
            #expect(await changes.next() == .session(made.session, event: event.id, state: .queued))
        }
    }

    @Test func `a reader that is slower than its messages is told that it lost some`() async throws {
        try await withFarm { farm in
            var changes = farm.queue.changes().makeAsyncIterator()
            #expect(await changes.next() == .reconnected)
            for _ in 0..<50 {
                _ = try await farm.redis.send(pipeline: (0..<100).map { ["PUBLISH", "qwd:status", "logins \($0)"] })
            }
            _ = try await farm.redis.send(["PUBLISH", "qwd:status", "logins last"])
            var found: [SessionChange] = []
            while found.last != .logins("last"), let change = await changes.next() { found.append(change) }
            #expect(found.count < 5000)
            #expect(found.contains(.reconnected))
        }
    }

    @Test func `without Redis every call says so`() async throws {
        try await withFarm { farm in
            farm.server.kill()
            let answer = await code { () throws(QueueError) in _ = try await farm.claim() }
            #expect(answer == .unavailable)
            let wait = await code { () throws(QueueError) in
                try await farm.queue.waitForWork(host: "h1", routes: [.host("h1"), .create], timeout: .seconds(9))
            }
            #expect(wait == .unavailable)
        }
    }

    @Test func `a Redis that takes no more writes is named with the way out`() async throws {
        try await withFarm { farm in
            _ = try await farm.redis.send(["CONFIG", "SET", "maxmemory", "1"])
            let error = await #expect(throws: QueueError.self) { try await farm.enqueue() }
            #expect(error?.code == .unavailable)
            #expect(error?.detail.contains("Raise maxmemory") == true)
            _ = try await farm.redis.send(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await farm.redis.send(["DBSIZE"]).integer == 0)
            #expect(try await farm.enqueue().isNew)
            // Also in its middle nothing is left.
            let keys = try await farm.redis.send(["DBSIZE"])
            _ = try await farm.redis.send(["CONFIG", "SET", "maxmemory", "1"])
            let again = await #expect(throws: QueueError.self) { try await farm.enqueue("other") }
            #expect(again?.code == .unavailable)
            _ = try await farm.redis.send(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await farm.redis.send(["DBSIZE"]) == keys)
        }
    }
}
