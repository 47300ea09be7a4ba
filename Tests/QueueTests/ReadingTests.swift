import Domain
import Queue
import Redis
import Testing

/// What pages and commands show.
@Suite(.timeLimit(.minutes(5)))
struct ReadingTests {
    @Test func `sessions come with all their fields, the newest first`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var made: [SessionID] = []
            for state in [SessionState.running, .starting, .queued] {
                made.append(try await farm.session(in: state, owner: state == .starting ? "bob" : "ann").session)
            }
            let ended = try await farm.session(in: .queued, owner: "ann").session
            try await farm.queue.stop(ended)

            let all = try await farm.queue.sessions()
            #expect(all.map(\.id) == made.reversed())
            for session in all { #expect(try await farm.queue.session(session.id) == session) }
            #expect(try await farm.queue.sessions(limit: 2).map(\.id) == [made[2], made[1]])
            #expect(try await farm.queue.sessions(of: "ann").map(\.id) == [made[2], made[0]])
            #expect(try await farm.queue.sessions(of: "nobody") == [])
            #expect(try await farm.queue.sessions(.ended).map(\.id) == [ended])
            #expect(try await farm.queue.sessions([ended, farm.id(), made[0]]).map(\.id) == [ended, made[0]])
            #expect(try await farm.queue.stateCounts() == [.running: 1, .starting: 1, .queued: 1])
            #expect(try await farm.queue.session(farm.id()) == nil)
        }
    }

    @Test func `a waiting session knows its place in the queue`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var waiting: [Session] = []
            for _ in 0..<3 {
                let id = try await farm.enqueue().session
                waiting.append(try #require(try await farm.queue.session(id)))
            }
            for (place, session) in waiting.enumerated() {
                #expect(try await farm.queue.position(of: session) == place + 1)
            }
            #expect(try await farm.queue.waiting() == 3)
            #expect(try await farm.claim() != nil)
            #expect(try await farm.queue.position(of: waiting[2]) == 2)
            let first = try #require(try await farm.queue.session(waiting[0].id))
            #expect(try await farm.queue.position(of: first) == nil)
        }
    }

    @Test func `jobs are listed by what becomes of them, and as many of the past as wanted`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 20, memoryMiB: 100_000)
            let done = [try await farm.session(in: .running), try await farm.session(in: .running)]
            let dead = try #require(try await farm.session(in: .starting).claim)
            #expect(try await farm.queue.fail(dead, .permanent, message: "no", delay: .zero) == .dead)
            let later = try #require(try await farm.session(in: .starting).claim)
            #expect(try await farm.queue.fail(later, .transient, message: "no", delay: .seconds(9)) == .later)
            let running = try await farm.session(in: .starting)
            let waiting = try await farm.session(in: .queued)
            try await farm.queue.stop(done[0].session)

            let live = [running.job, waiting.job, "\(done[0].session)-stop", later.job, dead.job]
            #expect(try await farm.queue.jobs(done: 0).map(\.id) == live)
            #expect(try await farm.queue.jobs(done: 1).map(\.id) == live + [done[1].job])
            #expect(try await Set(farm.queue.jobs().map(\.id)) == Set(live + done.map(\.job)))
            #expect(try await farm.queue.job("unknown") == nil)
            #expect(try await farm.queue.job(dead.job)?.error == "no")
        }
    }

    @Test func `the log of a session is read on from any of its events`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .ended)
            let all = try await farm.queue.events(of: subject.session)
            #expect(all.count >= 5)
            #expect(all.map(\.id) == all.map(\.id).sorted { ($0.count, $0) < ($1.count, $1) })
            #expect(all.allSatisfy { abs($0.at - all[0].at) < 60_000 })
            for (place, event) in all.enumerated() {
                let rest = try await farm.queue.events(of: subject.session, after: event.id)
                #expect(rest == Array(all[(place + 1)...]))
            }
            // The common log has the same events, with the session's name.
            let log = try await farm.redis.send(["XRANGE", "qwd:events", "-", "+"]).array ?? []
            #expect(log.compactMap { $0.array?.first?.string } == all.map(\.id))
            for entry in log {
                let fields = entry.array?.last?.array?.compactMap(\.string) ?? []
                #expect(Array(fields.prefix(2)) == ["session", subject.session.text])
            }
        }
    }

    @Test(arguments: ["", "x", "-", "+", "1", "1-", "-1", "1-2-3", "(1-1", "+1-1", "1-99999999999999999999"])
    func `what is no event's id reads from the beginning`(after: String) async throws {
        try await withFarm { farm in
            let made = try await farm.enqueue()
            #expect(try await farm.queue.events(of: made.session, after: after).count == 1)
        }
    }

    @Test func `every number is written in decimal digits`() async throws {
        try await withFarm { farm in
            try await farm.host(cpu: 4_000_000, memoryMiB: 900_000_000)
            let large = try await farm.enqueue(cpu: 3_000_000, memoryMiB: 800_000_000, lifetime: 2_000_000_000)
            let claim = try #require(try await farm.claim())
            #expect(claim.session == large.session)
            #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
            #expect(try await farm.queue.extend(large.session, seconds: 2_000_000_000, limits: .none) != nil)
            for state in [SessionState.running, .starting, .ended, .stopping, .queued] {
                _ = try await farm.session(in: state)
            }
            _ = try await farm.queue.tick(loadCheck: .seconds(10), lease: Farm.lease)
            _ = try await farm.queue.lead("a", lease: Farm.lease)
            _ = try await farm.queue.reap(lease: Farm.lease)
            _ = try await farm.queue.fail(claim, .noRoom, message: "", delay: .seconds(1_000_000_000))
            let numbers = /-?[0-9]+|/
            let words = try #require(try await farm.redis.send(["KEYS", "qwd:*"]).array).compactMap(\.string)
            for key in words where try await farm.redis.send(["TYPE", key]).string == "hash" {
                let pairs = try #require(try await farm.redis.send(["HGETALL", key]).array).compactMap(\.string)
                for (name, value) in zip(pairs, pairs.dropFirst())
                where ["_at", "until", "fence", "reserved", "_mib", "cpu"].contains(where: name.hasSuffix) {
                    #expect(value.wholeMatch(of: numbers) != nil, "\(key) \(name) \(value)")
                }
            }
            #expect(try await farm.reserved()[0] == 3_000_000 + 3)
        }
    }
}
