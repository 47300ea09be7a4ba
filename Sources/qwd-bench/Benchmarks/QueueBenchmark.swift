import Domain
import Queue
import Redis
import TestSupport

/// The queue's transitions beside a script that does nothing, over the same connection to the same Redis without a file.
enum QueueBenchmark {
    private static let rounds = 5
    private static let calls = 2000
    private static let empty = RedisScript(name: "empty", source: "return 1")
    /// What `enqueue` writes, without any of its checks and decisions: no script that keeps a session as we do is faster.
    private static let writesAlone = RedisScript(
        name: "writes-alone",
        source: """
            local call, sid, jid, at = redis.call, ARGV[1], ARGV[2], '1795573418283'
            call('HSET', 'qwd:session:' .. sid, 'state', 'queued', 'owner', sid, 'machine', 'debian', 'cpu', '1',
                'memory_mib', '256', 'disk_gib', '10', 'lifetime_s', '3600', 'one_shot', '0', 'job', jid, 'fence', '0',
                'attempt', '0', 'created_at', at, 'rev', '1')
            call('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'state', 'waiting', 'route', 'create',
                'machine', 'debian', 'cpu', '1', 'memory_mib', '256', 'attempt', '0', 'max_attempts', '3', 'fence', '0',
                'queued_at', at, 'ready_at', at)
            call('ZADD', 'qwd:sessions', at, sid)
            call('SADD', 'qwd:sessions:owner:' .. sid, sid)
            call('RPUSH', 'qwd:queue:create', jid)
            call('ZADD', 'qwd:wake:create:bench', '0', 'work')
            local id = call('XADD', 'qwd:events', 'MAXLEN', '~', '100000', '*', 'session', sid, 'state', 'queued',
                'act', 'create', 'who', sid, 'from', '', 'note', 'debian', 'machine', 'debian')
            call('XADD', 'qwd:events:' .. sid, 'MAXLEN', '~', '200', id, 'state', 'queued', 'machine', 'debian')
            call('PUBLISH', 'qwd:status', sid .. ' ' .. id .. ' queued')
            return 1
            """)

    static func run(_ workspace: Workspace) async throws {
        let server = try await RedisServer.start()
        let redis = RedisClient(address: server.address, logger: Service.silence)
        try await measure(redis, inFlight: 1)
        try await measure(redis, inFlight: 32)
        await redis.close()
        await server.stop()
    }

    private static func measure(_ redis: RedisClient, inFlight: Int) async throws {
        let queue = JobQueue(redis: redis)
        var rates = (empty: Samples(), enqueue: Samples(), claimCommit: Samples())
        var shares = (enqueue: Samples(), claimCommit: Samples(), writesAlone: Samples())
        // The first round warms up.
        for round in 0...rounds {
            _ = try await redis.send(["FLUSHALL"])
            let farm = Farm(queue: queue)
            try await farm.open()
            let idle = try await rate(calls, inFlight) { _ in _ = try await redis.evaluate(empty, arguments: []) }
            let writes = try await rate(calls, inFlight) { number in
                _ = try await redis.evaluate(writesAlone, arguments: ["s\(number)", "j\(number)"])
            }
            _ = try await redis.send(["FLUSHALL"])
            try await farm.open()
            let enqueue = try await rate(calls, inFlight) { number in try await farm.enqueue(number) }
            // Two calls each.
            let pairs = 2 * (try await rate(calls / 2, inFlight) { _ in try await farm.claimAndCommit() })
            if round == 0 { continue }
            rates.empty.add(idle)
            rates.enqueue.add(enqueue)
            rates.claimCommit.add(pairs)
            shares.enqueue.add(100 * enqueue / idle)
            shares.writesAlone.add(100 * writes / idle)
            shares.claimCommit.add(100 * pairs / idle)
        }
        // One caller is what the limit is about; many show what Redis itself can do, where its own time is all there is.
        let limit: Figure.Limit? = inFlight == 1 ? .atLeast(50) : nil
        let suffix = inFlight == 1 ? "" : "_\(inFlight)_in_flight"
        let note = "\(rounds) rounds of \(calls) calls, \(inFlight) in flight"
        Figure.print("empty_evalsha_rate\(suffix)", rates.empty.median, "1/s", note: note)
        Figure.print("enqueue_rate\(suffix)", rates.enqueue.median, "1/s", note: note)
        Figure.print("enqueue_share\(suffix)", shares.enqueue.median, "% of empty", limit: limit)
        Figure.print(
            "enqueue_writes_alone_share\(suffix)", shares.writesAlone.median, "% of empty",
            note: "what enqueue writes, without its checks and decisions")
        Figure.print(
            "claim_commit_rate\(suffix)", rates.claimCommit.median, "calls/s",
            note: "claim and commit count as two calls; \(note)")
        Figure.print("claim_commit_share\(suffix)", shares.claimCommit.median, "% of empty", limit: limit)
    }

    /// Calls a second, with so many at one time.
    private static func rate(
        _ count: Int, _ inFlight: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> Double {
        let time = try await timed { try await Farm.repeating(count, inFlight: inFlight, body) }.time
        return Double(count) / time.seconds
    }
}
