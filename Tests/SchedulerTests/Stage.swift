import Domain
import Logging
import Queue
import Redis
import Scheduler
import TestSupport

/// A queue on a Redis server of its own, with schedulers and one host that nobody works on.
final class Stage: Sendable {
    static let lease = Duration.seconds(30)

    let server: RedisServer
    let redis: RedisClient
    let queue: JobQueue

    fileprivate init(appendOnly: Bool) async throws {
        server = try await RedisServer.start(appendOnly: appendOnly)
        redis = RedisClient(address: server.address, logger: .quiet)
        queue = JobQueue(redis: redis)
    }

    func scheduler(_ name: String = "s1", lease: Duration = lease, loadCheck: Duration = .zero) -> Scheduler {
        Scheduler(queue: queue, name: name, lease: lease, loadCheck: loadCheck, logger: .quiet)
    }
}

extension Logger {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

func withStage(appendOnly: Bool = false, _ body: (Stage) async throws -> Void) async throws {
    let stage = try await Stage(appendOnly: appendOnly)
    do {
        try await body(stage)
    } catch {
        await stage.server.stop()
        throw error
    }
    await stage.server.stop()
}

extension Stage {
    func host() async throws {
        let status = HostStatus(
            name: "h1", cpus: 8, memoryMiB: 8192, capacity: Resources(cpu: 8, memoryMiB: 8192, diskGiB: 100), load1: 0,
            cpuBusy: 0,
            memoryAvailableMiB: 8192, diskFreeMiB: 1000, bootID: "", accelerator: "kvm", notice: "", version: "",
            displayURL: "")
        _ = try await queue.hostUp("h1", status: status, living: [])
        try await queue.offer(
            [MachineDescription(name: "debian", summary: "", kind: "disk", architecture: "x86_64")], host: "h1")
    }

    /// A session that a worker has taken.
    func starting(lifetime: Int = 3600) async throws -> (session: SessionID, claim: Claim) {
        let request = SessionRequest(
            owner: "ann", machine: "debian", resources: Resources(cpu: 1, memoryMiB: 512, diskGiB: 1),
            lifetimeSeconds: lifetime,
            oneShot: false)
        let now = try await now()
        let made = try await queue.enqueue(
            request, limits: .none, id: SessionID(milliseconds: now), job: JobID(milliseconds: now))
        let job = try await queue.claim(
            host: "h1", worker: "h1", routes: [.host("h1"), .create], lease: Self.lease)
        guard let claim = job?.claim else { throw QueueError(.unexpected, "nothing to claim") }
        return (made.session, claim)
    }

    func running(lifetime: Int) async throws -> SessionID {
        let (session, claim) = try await starting(lifetime: lifetime)
        _ = try await queue.commit(claim, accelerator: "kvm")
        _ = try await queue.finish(claim)
        return session
    }

    /// The end of a session comes in so many milliseconds.
    func expire(_ session: SessionID, in milliseconds: Int64) async throws {
        let end = "\(try await now() + milliseconds)"
        _ = try await redis.send(["ZADD", "qwd:sessions:expiring", end, session.text])
        _ = try await redis.send(["HSET", "qwd:session:\(session)", "expires_at", end])
    }

    /// Redis' clock, in milliseconds.
    func now() async throws -> Int64 {
        let clock = try await redis.send(["TIME"]).array?.compactMap(\.integer) ?? []
        return Int64(clock[0]) * 1000 + Int64(clock[1]) / 1000
    }

    func leader(_ field: String) async throws -> String? {
        try await redis.send(["HGET", "qwd:leader:scheduler", field]).string
    }

    /// Returns when the session has come to `state`. Nothing but its change is waited for.
    func wait(for session: SessionID, _ state: SessionState) async throws {
        for await change in queue.changes() {
            switch change {
            case .reconnected:
                // What happened before the subscription was in force was told to nobody. Redis may be away again by now.
                if (try? await queue.session(session)?.state == state) == true { return }
            case .session(session, _, state):
                return
            case .session, .logins:
                break
            }
        }
        throw CancellationError()
    }

    /// Runs the services while the body does.
    func with(_ schedulers: Scheduler..., body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for scheduler in schedulers { group.addTask { try await scheduler.run() } }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
