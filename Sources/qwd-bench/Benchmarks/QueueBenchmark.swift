import Domain
import Queue
import Redis
import TestSupport

/// The queue's transitions beside a script that does nothing, over the same connection to the same Redis without a file.
enum QueueBenchmark {
    private static let rounds = 5
    private static let calls = 2000
    private static let empty = RedisScript(name: "empty", source: "return 1")
    /// The commands that `enqueue` calls for a first session on a farm of one host (as MONITOR shows them), without anything that
    /// it reads out of their answers, decides or checks: no transition that keeps a session as we do is faster.
    private static let commandsAlone = RedisScript(
        name: "commands-alone",
        source: """
            local call, sid, jid, at = redis.call, ARGV[1], ARGV[2], '1795573418283'
            local client, needs = 'person:' .. sid, '1 1024 10 0 machine:nothing'
            call('HMGET', 'qwd:clock', 'time', 'server')
            call('TIME')
            call('HGET', 'qwd:job:' .. jid, 'session')
            call('HMGET', 'qwd:farm', 'hosts', 'cpu', 'largest_cpu', 'memory_mib', 'largest_memory_mib', 'disk_gib',
                'largest_disk_gib', 'gpu', 'largest_gpu')
            call('MGET', 'qwd:line:' .. client, 'qwd:queue:clock')
            call('SRANDMEMBER', 'qwd:hosts:tag:machine:nothing', '12')
            call('HMGET', 'qwd:host:farm', 'name', 'closed', 'draining', 'cpu_busy', 'promised_to', 'cpu_capacity',
                'cpu_reserved', 'memory_mib_capacity', 'memory_mib_reserved', 'disk_gib_capacity', 'disk_gib_reserved',
                'gpu_capacity', 'gpu_reserved')
            call('SET', 'qwd:line:' .. client, '1', 'PX', '86400000')
            call('HSET', 'qwd:job:' .. jid, 'kind', 'create', 'session', sid, 'state', 'waiting', 'route', 'create',
                'needs', needs, 'place', '0', 'cost', '1', 'attempt', '0', 'max_attempts', '3', 'fence', '0',
                'queued_at', at, 'ready_at', at)
            call('ZADD', 'qwd:sessions', at, sid)
            call('SADD', 'qwd:sessions:owner:' .. sid, sid)
            call('SADD', 'qwd:sessions:' .. client, sid)
            call('ZADD', 'qwd:queue:create', '0', jid)
            call('ZADD', 'qwd:queue:create:' .. needs, '0', jid)
            call('ZADD', 'qwd:queue:needs', 'LT', '0', needs)
            call('ZADD', 'qwd:wake:create:farm', '0', 'work')
            call('HSET', 'qwd:session:' .. sid, 'rev', '1', 'state', 'queued', 'job', jid, 'fence', '0', 'attempt', '0',
                'created_at', at, 'holder', client, 'asker', client, 'asked',
                'owner machine lifetime_s one_shot cpu memory_mib disk_gib gpu', 'owner', sid, 'machine', 'nothing',
                'lifetime_s', '86400', 'one_shot', '0', 'cpu', '1', 'memory_mib', '1024', 'disk_gib', '10', 'gpu', '0',
                'machine', 'nothing')
            call('HINCRBY', 'qwd:sessions:count', 'queued', '1')
            local id = call('XADD', 'qwd:events', 'MAXLEN', '~', '1000000', '*', 'session', sid, 'state', 'queued',
                'act', 'create', 'who', sid, 'from', '', 'note', 'nothing', 'machine', 'nothing')
            call('XADD', 'qwd:events:' .. sid, 'MAXLEN', '~', '200', id, 'state', 'queued', 'act', 'create', 'who', sid,
                'from', '', 'note', 'nothing', 'machine', 'nothing')
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
        var rates = (empty: Samples(), commandsAlone: Samples(), enqueue: Samples(), claimCommit: Samples())
        var shares = (enqueue: Samples(), claimCommit: Samples())
        // The first round warms up.
        for round in 0...rounds {
            _ = try await redis.send(["FLUSHALL"])
            let farm = Farm(queue: queue)
            try await farm.open()
            let idle = try await rate(calls, inFlight) { _ in _ = try await redis.evaluate(empty, arguments: []) }
            let commands = try await rate(calls, inFlight) { number in
                _ = try await redis.evaluate(commandsAlone, arguments: ["s\(number)", "j\(number)"])
            }
            _ = try await redis.send(["FLUSHALL"])
            try await farm.open()
            let enqueue = try await rate(calls, inFlight) { number in try await farm.enqueue(number) }
            // Two calls each.
            let pairs = 2 * (try await rate(calls / 2, inFlight) { _ in try await farm.claimAndCommit() })
            if round == 0 { continue }
            rates.empty.add(idle)
            rates.commandsAlone.add(commands)
            rates.enqueue.add(enqueue)
            rates.claimCommit.add(pairs)
            shares.enqueue.add(100 * enqueue / idle)
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
            "enqueue_commands_alone_rate\(suffix)", rates.commandsAlone.median, "1/s",
            note: "the commands that enqueue calls, without its checks and decisions")
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
