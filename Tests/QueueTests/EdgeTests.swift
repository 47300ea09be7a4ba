import Domain
@testable import Queue
import Redis
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EdgeTests {
    /// Asks the scripts' own guard.
    private func allows(_ edges: String, _ from: String, _ to: String, _ farm: Farm) async throws -> Bool {
        let guarded =
            String(decoding: PackageResources.edges_lua, as: UTF8.self)
            + "must(\(edges), 'thing', 'x', ARGV[1], ARGV[2]) return 'ok'"
        do {
            return try await farm.redis.send(["EVAL", guarded, "0", from, to]).string == "ok"
        } catch {
            #expect(error.detail.hasPrefix("EDGE thing x cannot go from \(from) to \(to)"))
            return false
        }
    }

    @Test(arguments: SessionState.allCases)
    func `the scripts let a session go where the domain does and nowhere else`(from: SessionState) async throws {
        try await withFarm { farm in
            for to in SessionState.allCases {
                let allowed = try await allows("session_edges", from.rawValue, to.rawValue, farm)
                #expect(allowed == from.successors.contains(to), "\(from) to \(to)")
            }
        }
    }

    @Test(arguments: JobState.allCases)
    func `the scripts let a job go where the domain does and nowhere else`(from: JobState) async throws {
        try await withFarm { farm in
            for to in JobState.allCases {
                let allowed = try await allows("job_edges", from.rawValue, to.rawValue, farm)
                #expect(allowed == from.successors.contains(to), "\(from) to \(to)")
            }
        }
    }

    /// What only a hand in the database can bring about must not become worse by a script, and must not stop the farm.
    @Test(arguments: SessionState.allCases.filter { $0 != .queued })
    func `a job whose session is not queued is given up, and the next one is taken`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .queued)
            let next = try await farm.enqueue("bob")
            _ = try await farm.redis.send(["HSET", "qwd:session:\(subject.session)", "state", state.rawValue])
            #expect(try await farm.claim()?.session == next.session)
            let job = try #require(try await farm.queue.job(subject.job))
            #expect(job.state == .dead)
            #expect(job.error == "session-is:\(state.rawValue)")
            #expect(try await farm.state(subject.session) == state)
        }
    }

    @Test(arguments: [
        "DEL qwd:session:S", "DEL qwd:job:J", "HSET qwd:job:J kind dance", "HDEL qwd:job:J attempt",
        "HDEL qwd:job:J needs", "HSET qwd:job:J session nobody", "HSET qwd:job:J needs x", "SET qwd:job:J x",
        "HSET qwd:session:S cpu many", "HDEL qwd:session:S owner", "SET qwd:session:S x", "HDEL qwd:job:J place",
    ])
    func `a job that can't be understood stops nobody`(damage: String) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .queued)
            let next = try await farm.enqueue("bob")
            let words = damage.replacing(":S", with: ":\(subject.session)").replacing(":J", with: ":\(subject.job)")
                .split(separator: " ").map(String.init)
            if words[0] == "SET" { _ = try await farm.redis.send(["DEL", words[1]]) }
            _ = try await farm.redis.send(words)
            // What is only a little damaged may be done all the same.
            var taken: Set<SessionID?> = []
            while let claim = try await farm.claim() { taken.insert(claim.session) }
            #expect(taken.contains(next.session))
            #expect(try await farm.queue.waiting() == 0)
        }
    }

    @Test(arguments: [JobState.done, .dead, .cancelled])
    func `a queued session whose job is over is not cancelled and nothing is written`(state: JobState) async throws {
        try await withFarm { farm in
            let subject = try await farm.session(in: .queued)
            _ = try await farm.redis.send(["HSET", "qwd:job:\(subject.job)", "state", state.rawValue])
            let digest = try await farm.digest()
            let refused = await code { () throws(QueueError) in _ = try await farm.queue.stop(subject.session) }
            #expect(refused == .refused)
            #expect(try await farm.digest() == digest)
        }
    }

    @Test func `a stop job of a session that is gone can't be finished and nothing is written`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .stopping)
            let claim = try #require(try await farm.claim())
            _ = try await farm.redis.send(["DEL", "qwd:session:\(subject.session)"])
            let digest = try await farm.digest()
            let error = await #expect(throws: QueueError.self) { try await farm.queue.finish(claim) }
            #expect(error?.code == .refused)
            #expect(error?.detail == "session \(subject.session) does not exist")
            #expect(try await farm.digest() == digest)
        }
    }
}
