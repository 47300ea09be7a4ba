import Domain
import Logging
import Queue
import Redis
import Synchronization
import TestSupport

/// A queue on a Redis server of its own.
final class Farm: Sendable {
    /// So long that no stall of the machine is mistaken for a worker's silence: tests move times, they do not wait.
    static let lease = Duration.minutes(60)

    let server: RedisServer
    let redis: RedisClient
    let queue: JobQueue
    private let made = Mutex(Int64(1_700_000_000_000))

    fileprivate init(fakesClock: Bool) async throws {
        server = try await RedisServer.start(
            arguments: ["--enable-debug-command", "yes"], fakesClock: fakesClock)
        redis = RedisClient(address: server.address, logger: .quiet)
        queue = JobQueue(redis: redis)
    }

    /// A new id, greater than all before.
    func id() -> Identifier {
        Identifier(
            milliseconds: made.withLock { time in
                time += 1
                return time
            })
    }
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
}

extension Logger {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Runs a test with a queue of its own.
/// - Parameter fakesClock: Whether the test sets its clock.
func withFarm(fakesClock: Bool = false, _ body: (Farm) async throws -> Void) async throws {
    let farm = try await Farm(fakesClock: fakesClock)
    do {
        try await body(farm)
    } catch {
        await farm.server.stop()
        throw error
    }
    await farm.server.stop()
}

extension Farm {
    /// Makes a host known, or its heart beat again.
    @discardableResult
    func host(
        _ name: String = "h1", cpu: Int = 8, memoryMiB: Int = 8192, busy: Double = 0, closure: HostClosure? = nil,
        machines: [String] = ["debian"], tags: [String] = [], gpu: Int = 0, living: [SessionID] = []
    ) async throws -> [PlacedSession] {
        var status = HostStatus.sample(name, cpu: cpu, memoryMiB: memoryMiB, busy: busy, closure: closure)
        status.capacity[.gpu] = gpu
        let placed = try await queue.hostUp(name, status: status, living: living, lease: Self.lease)
        try await queue.offer(machines.map(MachineDescription.sample), tags: tags, host: name)
        return placed
    }

    func enqueue(
        _ owner: PersonName = "ann", machine: String = "debian", cpu: Int = 1, memoryMiB: Int = 1024,
        lifetime: Int = 3600,
        tags: [String] = [], payload: String = "", once: String? = nil, client: LimitedClient? = nil,
        limits: Limits = .none
    ) async throws(QueueError) -> Enqueued {
        try await queue.enqueue(
            .sample(owner, machine: machine, cpu: cpu, memoryMiB: memoryMiB, lifetime: lifetime, tags: tags),
            once: once,
            client: client, payload: payload, limits: limits, id: id(), job: id())
    }

    func claim(
        _ host: String = "h1", creates: Bool = true, limits: Limits = .none, once: String? = nil
    ) async throws(QueueError) -> Claim? {
        try await queue.claim(
            host: host, worker: host, routes: [.host(host)] + (creates ? [.create] : []), lease: Self.lease,
            limits: limits, once: once)?.claim
    }
}

extension HostStatus {
    static func sample(
        _ name: String = "h1", cpu: Int, memoryMiB: Int, busy: Double, closure: HostClosure? = nil
    ) -> HostStatus {
        HostStatus(
            name: name, cpus: cpu, memoryMiB: memoryMiB,
            capacity: Resources(cpu: cpu, memoryMiB: memoryMiB, diskGiB: 100_000), closure: closure, load1: 0.5,
            cpuBusy: busy,
            memoryAvailableMiB: memoryMiB, diskFreeMiB: 100_000, bootID: "boot", accelerator: "kvm", notice: "",
            version: "1", displayURL: "http://host:6080")
    }
}

extension MachineDescription {
    static func sample(_ name: String) -> MachineDescription {
        MachineDescription(name: name, summary: "A machine", kind: "disk", architecture: "x86_64", memoryMiB: 1024)
    }
}

extension SessionRequest {
    static func sample(
        _ owner: PersonName = "ann", machine: String = "debian", cpu: Int = 1, memoryMiB: Int = 1024,
        lifetime: Int = 3600, tags: [String] = []
    ) -> SessionRequest {
        SessionRequest(
            owner: owner, machine: machine, resources: Resources(cpu: cpu, memoryMiB: memoryMiB, diskGiB: 10),
            tags: tags,
            lifetimeSeconds: lifetime, oneShot: false)
    }
}

extension Limits {
    static func only(
        sessions: Int = 0, perUser: Int = 0, cpu: Double = 0, memory: Double = 0, load: Double = 0, lifetime: Int = 0,
        waiting: Int = 0, waitingPerUser: Int = 0, creationsPerMinute: Int = 0
    ) -> Limits {
        Limits(
            sessions: sessions, sessionsPerUser: perUser, cpuFractionPerUser: cpu, memoryFractionPerUser: memory,
            load: load, lifetimeSeconds: lifetime, waiting: waiting, waitingPerUser: waitingPerUser,
            creationsPerMinute: creationsPerMinute)
    }
}
