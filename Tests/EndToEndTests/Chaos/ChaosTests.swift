import Domain
import Foundation
import Processes
import Queue
import Redis
import Testing
import TestSupport

/// Whatever happens to a farm's processes, disks, clocks, names and its Redis, with creates and stops in flight: nothing that was
/// promised is lost, nothing runs twice, nothing is left. `make chaos SEED=n MINUTES=m` repeats a run, or makes a long one.
@Suite(.timeLimit(.minutes(240)), .serialized)
struct ChaosTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["QWDTEST_CHAOS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999)
    private static let length =
        environment["QWDTEST_CHAOS_MINUTES"].flatMap { Double($0) }.map { Duration.seconds($0 * 60) }
        ?? .seconds(60)
    /// Machines under TCG that wait for a key keep a processor busy each.
    private static let mostMachines = 4

    /// What is done to Redis, and what takes it back.
    private static let refusals: [(name: String, [String], [String])] = [
        ("READONLY", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
        ("OOM", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
        (
            "NOREPLICAS", ["CONFIG", "SET", "min-replicas-to-write", "1"],
            ["CONFIG", "SET", "min-replicas-to-write", "0"]
        ),
        ("NOPERM xadd", ["ACL", "SETUSER", "default", "-xadd"], ["ACL", "SETUSER", "default", "+@all"]),
        ("NOPERM fcall", ["ACL", "SETUSER", "default", "-fcall"], ["ACL", "SETUSER", "default", "+@all"]),
        (
            "NOPERM keys", ["ACL", "SETUSER", "default", "resetkeys", "~qwd:host*"],
            ["ACL", "SETUSER", "default", "allkeys"]
        ),
        ("NOAUTH", ["CONFIG", "SET", "requirepass", "x"], ["CONFIG", "SET", "requirepass", ""]),
        ("pause", ["CLIENT", "PAUSE", "700", "ALL"], ["PING"]),
        ("clients", ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"], ["PING"]),
        ("functions", ["FUNCTION", "FLUSH"], ["PING"]),
    ]

    private struct Source: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            // SplitMix64: the same seed makes the same run, as far as processes let it.
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    @Test func `nothing is lost, doubled or left`() async throws {
        print("chaos: SEED=\(Self.seed), \(Self.length)")
        let farm = try await ChaosFarm()
        try await farm.start()
        var random = Source(state: Self.seed)
        var counts: [String: Int] = [:]
        var last: [String] = []
        let end = ContinuousClock.now + Self.length
        while ContinuousClock.now < end {
            let step = try await Self.step(farm, &random)
            counts[step.kind, default: 0] += 1
            last = (last + [step.what]).suffix(20)
            if Self.environment["QWDTEST_CHAOS_TRACE"] != nil {
                FileHandle.standardError.write(Data("chaos: \(step.what)\n".utf8))
            }
            let doubled = farm.doubled()
            #expect(doubled.isEmpty, "SEED=\(Self.seed): \(doubled) after \(last)")
            for role in farm.roles where !role.runs {
                Issue.record(
                    "SEED=\(Self.seed): \(role.root) has ended by itself after \(last): \(role.said.suffix(600))")
                try await role.start()
            }
        }
        try farm.server.clock?.set(.zero)
        let wrong = try await farm.comeToRest()
        #expect(wrong.isEmpty, "SEED=\(Self.seed): \(wrong.joined(separator: "\n"))\nafter \(last)")
        let kinds = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print("chaos: \(farm.promised.count) sessions; \(kinds); wrong: \(wrong.count)")
        try await farm.shutDown()
    }

    /// Does one thing to the farm while creates and stops are under way.
    private static func step(_ farm: ChaosFarm, _ random: inout Source) async throws -> (kind: String, what: String) {
        let living = farm.living
        async let create: Void? = living.count < mostMachines ? farm.create() : nil
        let victim =
            living.count >= mostMachines || Int.random(in: 0..<4, using: &random) == 0
            ? living.randomElement(using: &random) : nil
        // Into the middle of what they do.
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
        async let stop: Void? = victim == nil ? nil : farm.stop(victim ?? farm.promised[0])
        let done: (String, String)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: done = try await kill(farm, &random)
        case 60..<68: done = try await stepClock(farm, &random)
        case 68..<88: done = try await refuse(farm, &random)
        case 88..<92: done = try await rename(farm)
        case 92..<96: done = try await double(farm, &random)
        default: done = try await fill(farm)
        }
        _ = try await (create, stop)
        return done
    }

    private static func kill(_ farm: ChaosFarm, _ random: inout Source) async throws -> (String, String) {
        let place = Int.random(in: 0..<4, using: &random)
        if place == 3 {
            farm.server.kill()
            try await farm.server.restart()
            return ("kill redis", "kill redis")
        }
        let role =
            [[farm.frontend], farm.schedulers, farm.workers][place].randomElement(using: &random) ?? farm.frontend
        try await role.kill()
        try await role.start()
        return ("kill \(role.role)", "kill \(role.root)")
    }

    private static func stepClock(_ farm: ChaosFarm, _ random: inout Source) async throws -> (String, String) {
        let hours = [-2, 0, 2].randomElement(using: &random) ?? 0
        try farm.server.clock?.set(.seconds(hours * 3600))
        return ("clock", "clock \(hours) h")
    }

    private static func refuse(_ farm: ChaosFarm, _ random: inout Source) async throws -> (String, String) {
        guard let refusal = refusals.randomElement(using: &random) else { return ("", "") }
        _ = try await farm.queue.redis.send(refusal.1)
        try await Task.sleep(for: .milliseconds(Int.random(in: 100...900, using: &random)))
        while (try? await farm.queue.redis.send(refusal.2)) == nil { try await Task.sleep(for: .milliseconds(20)) }
        return ("refusal", refusal.name)
    }

    /// A host gets another name, with machines on it.
    private static func rename(_ farm: ChaosFarm) async throws -> (String, String) {
        let worker = farm.workers[1]
        let name = worker.settings["worker.name"] == "b" ? "b2" : "b"
        try await worker.terminate()
        worker.settings["worker.name"] = name
        try await worker.start()
        return ("rename", "rename to \(name)")
    }

    /// A copy of a host's directory, or another host of its name, comes beside it.
    private static func double(_ farm: ChaosFarm, _ random: inout Source) async throws -> (String, String) {
        let worker = farm.workers[0]
        // Two who live have to be heard of.
        try await farm.hosts(2)
        let twin = "\(farm.root)/twin\(UInt32.random(in: 0...UInt32.max, using: &random))"
        try FileManager.default.createDirectory(atPath: "\(twin)/s", withIntermediateDirectories: true)
        let isCopy = Bool.random(using: &random)
        for file in ["secret"] + (isCopy ? ["host-id"] : []) {
            try FileManager.default.copyItem(atPath: "\(worker.root)/s/\(file)", toPath: "\(twin)/s/\(file)")
        }
        let (code, says) = try await worker.end(of: [
            "state_dir": "\(twin)/s", "runtime_dir": "\(twin)/r", "worker.name": isCopy ? "twin" : "a",
        ])
        #expect(code == 78 && says.contains("\(twin)/s") && says.contains("\(worker.root)/s"), "\(says)")
        return ("double", isCopy ? "copy" : "same name")
    }

    /// Somebody fills a host's disk to its last byte, and removes it again.
    private static func fill(_ farm: ChaosFarm) async throws -> (String, String) {
        guard let disk = farm.disk else { return ("disk", "no root, no disk") }
        let path = "\(disk.path)/foreign"
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 1 << 16)
        while write(file, block, block.count) > 0 {}
        close(file)
        try await Task.sleep(for: .milliseconds(500))
        unlink(path)
        return ("disk", "disk full")
    }
}
