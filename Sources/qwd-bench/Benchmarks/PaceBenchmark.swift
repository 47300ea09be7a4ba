import Domain
import FoundationEssentials
import Processes
import Queue
import Redis
import TestSupport

/// How long a job waits for a worker that has nothing else to do, at different rates; and beside it, where
/// `BENCH_PYTHON` names an interpreter that has them, the same of rq, dramatiq and huey on the same Redis.
///
/// A job of ours is a session with an owner, limits, a host's resources, fairness and a log of what happened; the others know a
/// function and its arguments.
enum PaceBenchmark {
    private static let paces = [(rate: 1, count: 20), (10, 100), (100, 1000)]

    static func run(_ workspace: Workspace) async throws {
        let server = try await RedisServer.start()
        for pace in paces {
            tell("qwd", pace, try await ours(server.address, pace))
            for library in ["rq", "dramatiq", "huey"] {
                if let delays = try await theirs(library, server.socket, workspace, pace) {
                    tell(library, pace, delays)
                }
            }
        }
        await server.stop()
    }

    private static func tell(_ name: String, _ pace: (rate: Int, count: Int), _ delays: [Double]) {
        let samples = Samples(delays)
        let note = "\(pace.count) jobs, from the call that sends one to its start"
        Figure.print("pace_\(name)_\(pace.rate)_p50", samples.median, "ms", note: note)
        Figure.print("pace_\(name)_\(pace.rate)_p99", samples.percentile(99), "ms")
    }

    private static func ours(_ address: RedisAddress, _ pace: (rate: Int, count: Int)) async throws -> [Double] {
        let redis = RedisClient(address: address, logger: Service.silence)
        let workers = RedisClient(address: address, logger: Service.silence)
        _ = try await redis.send(["FLUSHALL"])
        let farm = Farm(queue: JobQueue(redis: redis))
        try await farm.open()
        let starts = try await withThrowingTaskGroup(of: [SessionID: ContinuousClock.Instant].self) { group in
            group.addTask { try await work(Farm(queue: JobQueue(redis: workers)), pace.count) }
            var sent: [SessionID: ContinuousClock.Instant] = [:]
            let begin = ContinuousClock.now
            for number in 0..<pace.count {
                try await Task.sleep(
                    until: begin + .seconds(1) * (Double(number) / Double(pace.rate)), clock: .continuous)
                let moment = ContinuousClock.now
                sent[try await farm.enqueue(number)] = moment
            }
            let started = try await group.next() ?? [:]
            return sent.compactMap { session, moment in started[session].map { ($0 - moment).milliseconds } }
        }
        await workers.close()
        await redis.close()
        guard starts.count == pace.count else { throw BenchError("jobs are lost") }
        return starts
    }

    /// Does what a worker does: takes a job or waits until it is woken.
    private static func work(_ farm: Farm, _ count: Int) async throws -> [SessionID: ContinuousClock.Instant] {
        var started: [SessionID: ContinuousClock.Instant] = [:]
        let routes: [Route] = [.host(Farm.host), .create]
        while started.count < count {
            let job = try await farm.queue.claim(
                host: Farm.host, worker: Farm.host, routes: routes, lease: .seconds(3600))
            if let claim = job?.claim, let session = claim.session {
                started[session] = .now
                _ = try await farm.queue.commit(claim, accelerator: "simulated")
            } else {
                try await farm.queue.waitForWork(host: Farm.host, routes: routes, timeout: .seconds(15))
            }
        }
        return started
    }

    private static func theirs(
        _ library: String, _ socket: String, _ workspace: Workspace, _ pace: (rate: Int, count: Int)
    ) async throws -> [Double]? {
        guard let python = ProcessInfo.processInfo.environment["BENCH_PYTHON"], !python.isEmpty else { return nil }
        let log = "\(workspace.directory)/\(library).log"
        let program = "scripts/other_queues.py"
        let child = try Child(
            python, [program, library, socket, "\(pace.rate)", "\(pace.count)"],
            environment: "PYTHONPATH=scripts", log: log)
        await child.wait()
        let lines = (Files.read(log) ?? "").split(separator: "\n")
        let delays = lines.compactMap { Double($0) }
        guard delays.count == pace.count else { throw BenchError("\(library): \(lines.last ?? "nothing was said")") }
        Files.remove(log)
        return delays
    }
}
