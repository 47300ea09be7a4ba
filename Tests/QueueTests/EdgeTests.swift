import Domain
@testable import Queue
import Redis
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EdgeTests {
    /// Asks the scripts' own guard.
    private func allows(_ edges: String, _ from: String, _ to: String, _ farm: Farm) async throws -> Bool {
        let guarded = ScriptPart.text([.edges]) + "must(\(edges), 'thing', 'x', ARGV[1], ARGV[2]) return 'ok'"
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

    /// What only a hand in the database can bring about must not become worse by a script.
    @Test(arguments: SessionState.allCases.filter { $0 != .queued })
    func `a job whose session is not queued is not taken and nothing is written`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .queued)
            _ = try await farm.redis.send(["HSET", "qwd:session:\(subject.session)", "state", state.rawValue])
            let digest = try await farm.digest()
            let refused = await code { () throws(QueueError) in _ = try await farm.claim() }
            // The domain knows no way from here to `starting` but from `queued`.
            #expect(refused == .refused)
            #expect(try await farm.digest() == digest)
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
