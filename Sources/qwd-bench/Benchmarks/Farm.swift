import Domain
import FoundationEssentials
import Queue

/// A host that has room for any number of sessions and no machines: it only moves them through the queue.
struct Farm: Sendable {
    static let host = "farm"
    static let machine = "nothing"

    let queue: JobQueue

    /// Makes the host known.
    func open() async throws {
        let status = HostStatus(
            name: Self.host, cpus: 1, memoryMiB: 1 << 30,
            capacity: Resources(cpu: 1 << 30, memoryMiB: 1 << 30, diskGiB: 1 << 30), load1: 0, cpuBusy: 0,
            memoryAvailableMiB: 1 << 30, diskFreeMiB: 1 << 30, bootID: "", accelerator: "simulated", notice: "",
            version: "", displayURL: "http://127.0.0.1:6080")
        _ = try await queue.hostUp(Self.host, status: status, living: [])
        try await queue.offer(
            [MachineDescription(name: Self.machine, summary: "No machine", kind: "iso", architecture: "x86_64")],
            host: Self.host)
    }

    @discardableResult
    func enqueue(_ number: Int, owner: String? = nil) async throws -> SessionID {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let request = SessionRequest(
            owner: PersonName(recorded: owner ?? "user\(number % 50)"), machine: Self.machine,
            resources: Resources(cpu: 1, memoryMiB: 1024, diskGiB: 10), lifetimeSeconds: 86400, oneShot: false)
        let made = try await queue.enqueue(
            request, limits: .none, id: SessionID(milliseconds: now), job: JobID(milliseconds: now))
        return made.session
    }

    @discardableResult
    func claimAndCommit() async throws -> Claim {
        let claim = try await claim()
        guard try await queue.commit(claim, accelerator: "simulated") == .ok else {
            throw BenchError("the queue does not let a claimed session run")
        }
        return claim
    }

    /// Takes the next session that waits.
    func claim() async throws -> Claim {
        while true {
            let job = try await queue.claim(
                host: Self.host, worker: Self.host, routes: [.host(Self.host), .create], lease: .seconds(3600))
            guard let claim = job?.claim else { throw BenchError("the queue has no job to claim") }
            guard claim.kind == .create else {
                // A running scheduler asks every host for its load.
                try await queue.finish(claim)
                continue
            }
            return claim
        }
    }

    /// Makes sessions that run and can be opened.
    /// - Returns: One of them.
    @discardableResult
    func fill(_ count: Int, owner: String? = nil) async throws -> SessionID? {
        try await Self.repeating(count, inFlight: 32) { number in
            try await enqueue(number, owner: owner)
            try await queue.finish(claimAndCommit(), displayURL: "http://127.0.0.1:6080")
        }
        return try await queue.sessions(limit: 1).first?.id
    }

    /// Calls `body` so many times, so many at one time.
    static func repeating(
        _ count: Int, inFlight: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<inFlight {
                group.addTask {
                    for number in stride(from: first, to: count, by: inFlight) { try await body(number) }
                }
            }
            try await group.waitForAll()
        }
    }
}
