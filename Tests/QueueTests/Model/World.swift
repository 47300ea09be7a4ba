import Domain
import Queue
import Redis

/// A farm of simulated hosts that do at random what real ones may do, and the check that nothing wrong comes of it.
///
/// Machines exist only here: the queue has to see to it that no session ever has two that run.
final class World {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    static let owners: [PersonName] = ["ann", "bob", "cid"]
    static let limits = Limits(
        sessions: 6, sessionsPerUser: 4, cpuFractionPerUser: 0.6, memoryFractionPerUser: 0.6, load: 0.8,
        lifetimeSeconds: 100_000, waiting: 7, waitingPerUser: 3, creationsPerMinute: 8)

    let farm: Farm
    var random: RandomSource
    var hosts = [SimulatedHost("h1", cpu: 4), SimulatedHost("h2", cpu: 8), SimulatedHost("h3", cpu: 8)]
    /// Claims of workers that were killed or overtaken: they may still be heard of.
    var ghosts: [(host: Int, claim: Claim)] = []
    var known: [SessionID] = []
    /// Sessions that an administrator made past their owner's limits.
    var retried: Set<SessionID> = []
    private var states: [String: String] = [:]
    private var revisions: [String: Int] = [:]
    private var jobStates: [String: JobState] = [:]
    private var lastEvent = "0-0"
    private var log: [String] = []
    private(set) var snapshot: Snapshot?

    init(_ farm: Farm, seed: UInt64) {
        self.farm = farm
        random = RandomSource(seed: seed)
    }

    func id() -> Identifier {
        Identifier(milliseconds: 1_700_000_000_000 + Int64(known.count), using: &random)
    }

    /// Makes a call of the queue, now and then once more as if the first answer had been lost, and looks at what it did.
    @discardableResult
    func call<Answer: Equatable & Sendable>(
        _ name: String, repeats: Bool = true, _ body: () async throws(QueueError) -> Answer
    ) async throws -> Answer {
        if random.chance(4) { try await denied(name, body) }
        let answer = try await refusable(body)
        note("\(name) -> \(answer.map { "\($0)" } ?? "refused")")
        try await check()
        if repeats, random.chance(10) {
            let again = try await refusable(body)
            note("\(name) again -> \(again.map { "\($0)" } ?? "refused")")
            guard again == answer else { throw violation("the same call twice has two answers") }
            try await check()
        }
        guard let answer else { throw Refused() }
        return answer
    }

    /// Makes a call as a user of Redis who may not write everything: it does all of it or nothing, and may be made again.
    private func denied<Answer>(_ name: String, _ body: () async throws(QueueError) -> Answer) async throws {
        let patterns = [
            "session:*", "job:*", "sessions*", "jobs*", "queue*", "host*", "events*", "wake*", "fence", "farm",
            "clock*", "line*", "claimed*", "made*", "once*", "machines*", "tags*", "leader*", "refused*", "payload*",
        ]
        let lacking = Set((0..<2).map { _ in random.number(0..<patterns.count) })
        let rest = patterns.indices.filter { !lacking.contains($0) }.map { "~qwd:\(patterns[$0])" }
        let commands = ["resetchannels", "-publish", "-xadd", "-zadd", "-hset", "-zrem", "-del", "allchannels"]
        let command = commands[random.number(0..<commands.count)]
        _ = try await farm.redis.send(["ACL", "SETUSER", "default", "resetkeys", command] + rest)
        do throws(QueueError) {
            _ = try await body()
            note("\(name) without rights to \(lacking.map { patterns[$0] }), \(command)")
        } catch {
            note("\(name) without rights to \(lacking.map { patterns[$0] }), \(command) -> \(error.detail.prefix(60))")
        }
        _ = try await farm.redis.send(["ACL", "SETUSER", "default", "allkeys", "allchannels", "+@all"])
        try await check()
    }

    /// The queue has refused a call because of the state machine or a limit, and that was to be expected.
    struct Refused: Error {}

    private func refusable<Answer>(_ body: () async throws(QueueError) -> Answer) async throws -> Answer? {
        do throws(QueueError) {
            return try await body()
        } catch {
            switch error.code {
            case .limit, .tooBig, .refused: return nil
            case .unavailable, .unexpected, .taken: throw error
            }
        }
    }

    func note(_ text: String) {
        log.append(text)
        if log.count > 60 { log.removeFirst() }
    }

    func violation(_ text: String) -> Violation {
        Violation(description: text + "\nafter:\n" + log.joined(separator: "\n"))
    }
}

extension World {
    /// Compares Redis with what must be true, and with what it was before the last call.
    func check() async throws {
        let live = jobStates.filter { !$0.value.successors.isEmpty }.map(\.key)
        let now = try await Snapshot.take(farm, owners: Self.owners.map(\.text), after: lastEvent, jobs: live)
        snapshot = now
        var found = now.violations()
        found += follow(now) + followJobs(now)
        found += limitsExceeded(now)
        for (session, machines) in machinesSwitchedOn() where machines > 1 {
            found.append("session \(session) runs \(machines) times")
        }
        if !found.isEmpty { throw violation(found.sorted().joined(separator: "\n")) }
    }

    /// Follows the log of events: every session goes along the domain's edges, and ends where its hash says.
    private func follow(_ now: Snapshot) -> [String] {
        var found: [String] = []
        let events = now.events.sorted { Int($0.key) ?? 0 < Int($1.key) ?? 0 }.map(\.value)
        for event in events {
            let (id, state) = (event["session"] ?? "", event["state"] ?? "")
            let before = states[id]
            let allowed: Bool
            if let before = before.flatMap(SessionState.init(rawValue:)), let after = SessionState(rawValue: state) {
                allowed = before == after && before != .ended || before.successors.contains(after)
            } else {
                allowed = before == nil && state == "queued"
            }
            if !allowed { found.append("session \(id) went from \(before ?? "nothing") to \(state)") }
            states[id] = state
            lastEvent = event["id"] ?? lastEvent
        }
        for (id, session) in now.sessions {
            if states[id] != session["state"] { found.append("the log of \(id) does not say that it is \(session)") }
            let revision = session["rev"].flatMap { Int($0) } ?? 0
            if revision < revisions[id] ?? 0 { found.append("the revision of \(id) went back") }
            revisions[id] = revision
        }
        let live = Set(now.sessions.keys)
        for (id, state) in states where state != "ended" && !live.contains(id) {
            found.append("session \(id) was \(state) and is forgotten")
        }
        return found
    }

    private func followJobs(_ now: Snapshot) -> [String] {
        var found: [String] = []
        for (id, job) in now.jobs {
            guard let state = job["state"].flatMap(JobState.init(rawValue:)) else {
                if jobStates[id] != nil { found.append("job \(id) is forgotten") }
                continue
            }
            let before = jobStates[id]
            if let before, before != state, !before.successors.contains(state) {
                found.append("job \(id) went from \(before) to \(state)")
            }
            if before == nil, state != .waiting { found.append("job \(id) began as \(state)") }
            jobStates[id] = state
        }
        return found
    }

    private func limitsExceeded(_ now: Snapshot) -> [String] {
        var found: [String] = []
        let held = now.sessions.values.count { SessionState(rawValue: $0["state"] ?? "")?.holdsCapacity == true }
        if held > Self.limits.sessions { found.append("\(held) sessions hold capacity") }
        for (client, sessions) in now.clients where !client.hasPrefix("address:") {
            // One that its owner has given up on a silent host counts no more.
            let counted = sessions.keys.filter { id in
                now.sessions[id]?["wanted"] != "stopped" && SessionID(id).map { !retried.contains($0) } ?? true
            }.count
            if counted > Self.limits.sessionsPerUser { found.append("\(client) has \(counted) sessions") }
        }
        return found
    }

    private func machinesSwitchedOn() -> [SessionID: Int] {
        hosts.flatMap { host in host.machines.filter { $0.value.isOn }.map(\.key) }
            .reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}

/// A host with its worker, as far as the queue can tell.
struct SimulatedHost {
    struct Machine {
        var fence: Int
        var isOn: Bool
    }

    /// A job the worker has, and how far it has come with it.
    struct Work {
        enum Progress { case begun, launched, committed }

        var claim: Claim
        var progress = Progress.begun
    }

    let name: String
    let cpu: Int
    /// Whether its worker runs.
    var isUp = false
    /// Whether its worker has found nothing to do and sleeps until a marker wakes it.
    var isAsleep = false
    var work: [Work] = []
    /// Its machines live on without its worker.
    var machines: [SessionID: Machine] = [:]

    init(_ name: String, cpu: Int) {
        self.name = name
        self.cpu = cpu
    }

    static let slots = 3

    var hasSlot: Bool { work.count { $0.claim.kind == .create } < Self.slots }

    func isBusy(_ session: SessionID) -> Bool { work.contains { $0.claim.session == session } }
}
