import Domain
import FoundationEssentials
import Processes
import Queue
import Redis
import Secrets
import TestSupport

/// What a large farm costs at Redis, and how fast it places sessions: hosts are simulated, Redis is real.
enum FarmBenchmark {
    private static let hosts = 200
    private static let perHost = 50
    private static let waiting = 10_000
    /// Kinds of needs among those that wait.
    private static let kinds = 64

    static func run(_ workspace: Workspace) async throws {
        try await costs()
        try await simulated(workspace)
    }

    // MARK: At Redis

    private static func costs() async throws {
        let server = try await RedisServer.start()
        let redis = RedisClient(address: server.address, logger: Service.silence)
        let queue = JobQueue(redis: redis)
        let names = (1...hosts).map { "host\($0)" }
        let statuses = names.map { status($0) }
        try await Farm.repeating(hosts, inFlight: 8) { place in
            _ = try await queue.hostUp(names[place], status: statuses[place], living: [])
            try await queue.offer(machines(0..<4), host: names[place])
        }
        let live = hosts * perHost
        try await Farm.repeating(live, inFlight: 32) { number in try await enqueue(queue, number, small: true) }
        let owned = try await fill(queue, names, live)
        try await Farm.repeating(waiting, inFlight: 32) { number in try await enqueue(queue, number, small: false) }
        let note = "\(hosts) hosts, \(live) live and \(waiting) waiting sessions of \(kinds) kinds"

        let full = try await perCall(redis) {
            for number in 0..<1000 { _ = try await claim(queue, names[number % hosts]) }
        }
        Figure.print("farm_claim_when_full", full, "us at Redis", limit: .below(1000), note: note)
        let fitting = try await perCall(redis, "claim") {
            for place in 0..<200 {
                let session = owned[place]
                _ = try await queue.end(session.session, fence: session.fence, reason: .poweredOff, detail: "")
                _ = try await claim(queue, session.host)
            }
        }
        Figure.print(
            "farm_end_and_claim", fitting, "us at Redis", limit: .below(1000), note: "mean of the two; \(note)")
        let enqueueing = try await perCall(redis) {
            for number in 0..<500 { try await enqueue(queue, waiting + number, small: false) }
        }
        Figure.print("farm_enqueue", enqueueing, "us at Redis", limit: .below(1000), note: note)
        let tick = try await perCall(redis) {
            for _ in 0..<20 { _ = try await queue.tick(loadCheck: .seconds(10), lease: .seconds(3600)) }
        }
        Figure.print("farm_tick", tick, "us at Redis", limit: .below(5000), note: note)
        let reap = try await perCall(redis) {
            for _ in 0..<20 { _ = try await queue.reap(lease: .seconds(3600)) }
        }
        Figure.print("farm_reap", reap, "us at Redis", limit: .below(5000), note: note)
        let heartbeat = try await perCall(redis) {
            for place in 0..<hosts {
                _ = try await queue.hostUp(names[place], status: statuses[place], living: [], lease: .seconds(3600))
            }
        }
        Figure.print("farm_heartbeat", heartbeat, "us at Redis", note: "\(perHost) sessions on each host")
        await redis.close()
        await server.stop()
    }

    private struct Owned: Sendable {
        var session: SessionID
        var fence: Int
        var host: String
    }

    private static func fill(_ queue: JobQueue, _ names: [String], _ count: Int) async throws -> [Owned] {
        try await withThrowingTaskGroup(of: [Owned].self) { group in
            for lane in 0..<20 {
                group.addTask {
                    var owned: [Owned] = []
                    for place in stride(from: lane, to: count, by: 20) {
                        let host = names[place % names.count]
                        guard let claim = try await claim(queue, host), let session = claim.session else { continue }
                        _ = try await queue.commit(claim, accelerator: "simulated")
                        _ = try await queue.finish(claim, displayURL: "http://127.0.0.1:6080")
                        owned.append(Owned(session: session, fence: claim.fence, host: host))
                    }
                    return owned
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func claim(_ queue: JobQueue, _ host: String) async throws -> Claim? {
        try await queue.claim(
            host: host, worker: host, routes: [.host(host), .create], lease: .seconds(3600))?.claim
    }

    @Sendable private static func enqueue(_ queue: JobQueue, _ number: Int, small: Bool) async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let kind = number % kinds
        _ = try await queue.enqueue(
            SessionRequest(
                owner: PersonName(recorded: "user\(number % 200)"), machine: "machine\(small ? 0 : kind % 4)",
                resources: Resources(cpu: small ? 1 : 1 + kind / 4, memoryMiB: 512, diskGiB: 10),
                lifetimeSeconds: 86_400,
                oneShot: false), limits: .none, id: SessionID(milliseconds: now), job: JobID(milliseconds: now))
    }

    private static func machines(_ numbers: Range<Int>) -> [MachineDescription] {
        numbers.map {
            MachineDescription(name: "machine\($0)", summary: "", kind: "iso", architecture: "x86_64")
        }
    }

    private static func status(_ name: String) -> HostStatus {
        HostStatus(
            name: name, cpus: perHost, memoryMiB: 1 << 20,
            capacity: Resources(cpu: perHost, memoryMiB: 1 << 20, diskGiB: 1 << 20), load1: 0, cpuBusy: 0,
            memoryAvailableMiB: 1 << 20, diskFreeMiB: 1 << 20, bootID: "", accelerator: "simulated", notice: "",
            version: "",
            displayURL: "http://127.0.0.1:6080")
    }

    /// Microseconds of Redis' own time for each script that `body` calls (INFO commandstats).
    private static func perCall(
        _ redis: RedisClient, _ name: String = "", _ body: () async throws -> Void
    ) async throws -> Double {
        _ = try await redis.send(["CONFIG", "RESETSTAT"])
        try await body()
        let text = try await redis.send(["INFO", "commandstats"]).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_fcall:") } ?? ""
        let value = line.split(separator: ",").first { $0.hasPrefix("usec_per_call=") }?.split(separator: "=").last
        return value.flatMap { Double($0) } ?? .nan
    }

    // MARK: With workers

    private static func simulated(_ workspace: Workspace) async throws {
        let server = try await RedisServer.start()
        let redis = RedisClient(address: server.address, logger: Service.silence)
        let queue = JobQueue(redis: redis)
        let state = try workspace.makeDirectory("farm")
        let settings = [
            "state_dir=\(state)", "runtime_dir=\(state)", "machines.directory=\(workspace.machines)",
            "redis.url=\(server.address)", "worker.hypervisor=simulated", "worker.name=sim", "worker.cpu_overcommit=8",
            "limits.load=0", "limits.sessions=0", "auth.methods=none", "worker.memory_reserve_gib=0",
        ].flatMap { ["--set", $0] }
        let workers = try Child(
            Service.program(), ["worker", "--config", workspace.configuration, "--hosts", "\(hosts)"] + settings,
            environment: workspace.mark, log: "\(state)/workers.log")
        let scheduler = try Child(
            Service.program(), ["scheduler", "--config", workspace.configuration] + settings,
            environment: workspace.mark, log: "\(state)/scheduler.log")
        do {
            try await place(queue, redis, state: state)
        } catch {
            await workers.end()
            await scheduler.end()
            throw BenchError("\(error) \(Files.readEnd("\(state)/workers.log") ?? "")")
        }
        await workers.end()
        await scheduler.end()
        await redis.close()
        await server.stop()
    }

    private static func place(_ queue: JobQueue, _ redis: RedisClient, state: String) async throws {
        try await until { try await queue.hosts().count == hosts }
        try await until { try await !queue.machines().isEmpty }
        guard let machine = try await queue.machines().first?.name else { throw BenchError("no machine is offered") }
        let secret = try ServiceSecret.existing(path: "\(state)/secret")
        let creates = 1000
        let start = ContinuousClock.now
        try await Farm.repeating(creates, inFlight: 32) { number in
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let id = SessionID(milliseconds: now)
            let request = SessionRequest(
                owner: PersonName(recorded: "user\(number % 50)"), machine: machine,
                resources: Resources(cpu: 1, memoryMiB: 64, diskGiB: 1), lifetimeSeconds: 86_400, oneShot: false)
            _ = try await queue.enqueue(
                secret.sealed(request, for: id), limits: .none, id: id, job: JobID(milliseconds: now))
        }
        try await until { try await queue.stateCounts()[.running] == creates }
        let took = ContinuousClock.now - start
        let over = try await queue.hosts().filter { host in
            Resource.allCases.contains { host.reserved[$0] > host.status.capacity[$0] }
        }
        guard over.isEmpty else { throw BenchError("\(over.count) hosts have promised more than they have") }
        Figure.print(
            "farm_place_1000", took.seconds, "s", limit: .below(10),
            note: "1,000 creates until all run, \(hosts) simulated hosts in one process, none overcommitted")
        // What follows the creates is no idling.
        try await Task.sleep(for: .seconds(20))
        // Scripts and waits: what clients send. (Redis counts what scripts call like what is sent.)
        func commands() async throws -> Double {
            let text = try await redis.send(["INFO", "commandstats"]).string ?? ""
            return ["fcall", "bzpopmin"].reduce(0) { sum, name in
                let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(name):calls=") }
                return sum + ((line?.split(separator: "=")[1].prefix { $0.isNumber }).flatMap { Double($0) } ?? 0)
            }
        }
        let before = try await commands()
        let window = try await timed { try await Task.sleep(for: .seconds(30)) }.time
        // With each heartbeat a host also asks whether its offer is still known.
        let rate = (try await commands() - before) / window.seconds + Double(hosts) / 10
        Figure.print(
            "farm_idle_commands", rate * 100 / Double(hosts), "1/s per 100 hosts", limit: .below(50),
            note: "\(creates) sessions live, what clients send; over \(Figure.text(window.seconds)) s")
    }

    private static func until(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw BenchError("it did not come about within a minute") }
            // Looks at what others do; no event tells of all of it.
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
