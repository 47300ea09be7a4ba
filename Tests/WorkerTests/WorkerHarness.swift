import Catalogue
import Display
import Domain
import Hypervisor
import Logging
import Machines
import Processes
import Queue
import Redis
import Secrets
import TestSupport
@testable import Worker

/// A worker with simulated machines around a real Redis.
struct WorkerHarness {
    let server: RedisServer
    let queue: JobQueue
    let hypervisor: SimulatedHypervisor
    private let root: String
    let options: WorkerOptions
    let limits: Limits

    static let secret = ServiceSecret(bytes: [1, 2, 3])

    struct Failure: Error {}

    /// Called whenever the worker reads its catalogue, which is the first thing it does for a create job.
    let onCatalogue: @Sendable () async -> Void
    let bridge: any DisplayBridge
    /// Machines that it has besides.
    var others: [Machine] = []

    init(
        limits: Limits = .none, failures: [String: MachineError] = [:], concurrentJobs: Int = 4,
        bridge: any DisplayBridge = SimulatedBridge(), onCatalogue: @escaping @Sendable () async -> Void = {}
    ) async throws {
        self.bridge = bridge
        self.onCatalogue = onCatalogue
        server = try await RedisServer.start()
        queue = JobQueue(redis: RedisClient(address: server.address, logger: Logger(label: "test")))
        hypervisor = SimulatedHypervisor(failures: failures)
        root = server.directory
        self.limits = limits
        options = WorkerOptions(
            hostID: "h1", place: HostPlace(id: "p1", text: "here:/s"), host: "here", concurrentJobs: concurrentJobs,
            cpuOvercommit: 64, memoryReserveMiB: 0,
            stopGrace: .zero, lease: .seconds(3), limits: limits, version: "test")
    }

    var worker: Worker { worker(runtime: "r") }

    func worker(
        runtime: String, state: String = "s", _ change: (inout WorkerOptions) -> Void = { _ in }
    ) -> Worker {
        var options = options
        change(&options)
        return Worker(
            queue: queue, hypervisor: hypervisor, bridge: bridge, secret: Self.secret,
            paths: HostPaths(runtime: "\(root)/\(runtime)", state: "\(root)/\(state)"),
            catalogue: {
                await onCatalogue()
                var machines = ["m.iso", "broken.iso", "anns.iso"].map {
                    Machine(name: $0, description: $0, path: "/\($0)", kind: .iso, format: .raw)
                }
                machines[2].users = ["ann"]
                return Catalogue(machines: machines + others)
            }, options: options, logger: Logger(label: "test"))
    }

    /// Runs `body` while the worker works.
    func working(
        _ change: (inout WorkerOptions) -> Void = { _ in }, _ body: () async throws -> Void
    ) async throws {
        let worker = worker(runtime: "r", change)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try await body()
            group.cancelAll()
        }
    }

    func enqueue(_ machine: String = "m.iso", owner: PersonName = "ann", cpu: Int = 1) async throws -> SessionID {
        let id = SessionID(milliseconds: 1)
        let request = SessionRequest(
            owner: owner, machine: machine, resources: Resources(cpu: cpu, memoryMiB: 16, diskGiB: 1),
            lifetimeSeconds: 0, oneShot: false)
        _ = try await queue.enqueue(
            Self.secret.sealed(request, for: id),
            limits: limits, id: id, job: JobID(milliseconds: 1))
        return id
    }

    @discardableResult
    func wait(for id: SessionID, until isWanted: (Session) -> Bool) async throws -> Session {
        let changes = queue.changes()
        if let session = try await queue.session(id), isWanted(session) { return session }
        for await change in changes {
            if case .session(let changed, _, _) = change, changed != id { continue }
            if let session = try? await queue.session(id), isWanted(session) { return session }
        }
        throw Failure()
    }
}
