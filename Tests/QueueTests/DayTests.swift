import Domain
import Queue
import Testing
import TestSupport

/// A day of a host and of the people who use it, minute by minute, by a clock that the test sets.
@Suite(.timeLimit(.minutes(3)))
struct DayTests {
    private static let lease = Duration.minutes(3)
    /// Of each session, in minutes.
    private static let life = 60
    /// At work: a session every ten minutes, each by another person in turn.
    private static let work = 8 * 60..<18 * 60
    /// The host hangs, and its machines with it.
    private static let silence = 12 * 60..<12 * 60 + 30
    /// No scheduler runs.
    private static let unscheduled = 15 * 60..<15 * 60 + 20
    /// The administrator lets the host take nothing new.
    private static let drained = 17 * 60..<17 * 60 + 30

    /// What the host knows, as its run directories would.
    private final class Host {
        var machines: [SessionID: Int] = [:]
        var checks = 0
    }

    @Test func `a host's day`() async throws {
        try await withFarm(fakesClock: true) { farm in
            let host = Host()
            var asked: [SessionID: Int] = [:]
            var lost: Set<SessionID> = []
            for minute in 0..<24 * 60 {
                try farm.server.clock?.set(.minutes(minute))
                if Self.work.contains(minute), minute.isMultiple(of: 10) {
                    let person = PersonName(recorded: "user\(minute / 10 % 7)")
                    asked[try await farm.enqueue(person, lifetime: Self.life * 60).session] = minute
                }
                if minute == Self.drained.lowerBound { _ = try await farm.queue.drain("h1", true) }
                if minute == Self.drained.upperBound { _ = try await farm.queue.drain("h1", false) }
                if !Self.silence.contains(minute) { try await live(host, farm, minute) }
                if !Self.unscheduled.contains(minute) { try await schedule(farm, minute) }
                lost.formUnion(try await look(at: host, farm, minute))
            }
            #expect(asked.count == 60)
            // Those that ran when the host fell silent, but for the one whose end came first. Each came back.
            #expect(lost.count == 5)
            // A host that tells of itself every minute is asked for nothing besides, but right after its silence.
            #expect(host.checks <= 3)
            for (id, minute) in asked {
                let session = try #require(try await farm.queue.session(id))
                #expect(
                    session.state == .ended && session.reason == .expired,
                    "\(session.state) \(String(describing: session.reason))")
                let started = try #require(session.startedAt)
                let ended = try #require(session.endedAt)
                let lived = Int(ended - started) / 60_000
                // Nobody gets less than was promised; more only while nobody could end it.
                #expect(lived >= Self.life, "\(minute): \(lived)")
                #expect(lived <= Self.life + 2 || Self.touches(minute, lived), "\(minute): \(lived)")
            }
            // A week later nobody remembers them, but the host, which goes on, is known.
            for minute in [8 * 24 * 60, 8 * 24 * 60 + 1] {
                try farm.server.clock?.set(.minutes(minute))
                try await live(host, farm, minute)
                try await schedule(farm, minute)
            }
            #expect(try await farm.queue.sessions(.ended) == [])
            for id in asked.keys { #expect(try await farm.queue.session(id) == nil) }
            #expect(try await farm.queue.hosts(lease: Self.lease).map(\.id) == ["h1"])
            // One that is silent for a week is forgotten.
            for minute in [16 * 24 * 60, 16 * 24 * 60 + 4, 16 * 24 * 60 + 8] {
                try farm.server.clock?.set(.minutes(minute))
                try await schedule(farm, minute)
            }
            #expect(try await farm.queue.hosts(lease: Self.lease) == [])
        }
    }

    /// Whether a session that was asked for in that minute lived while its host or the scheduler was away.
    private static func touches(_ minute: Int, _ lived: Int) -> Bool {
        let end = minute + life
        return [silence, unscheduled].contains { $0.lowerBound - 2 <= end && end <= $0.upperBound }
            && lived <= life + 32
    }

    /// A minute of the worker: it tells of its host, ends what the queue says is over, and takes the jobs that there are.
    private func live(_ host: Host, _ farm: Farm, _ minute: Int) async throws {
        let placed = try await farm.queue.hostUp(
            "h1", status: .sample("h1", cpu: 8, memoryMiB: 16_384, busy: 0), living: Array(host.machines.keys),
            lease: Self.lease, clock: Self.kernel("h1", minute))
        if minute == 0 { try await farm.queue.offer([MachineDescription.sample("debian")], tags: [], host: "h1") }
        for session in placed where session.state == .ended { host.machines[session.id] = nil }
        while let job = try await farm.queue.claim(
            host: "h1", worker: "h1", routes: [.host("h1"), .create], lease: Self.lease, limits: .none)
        {
            let claim = job.claim
            switch (claim.kind, claim.session) {
            case (.create, let id?):
                #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
                #expect(host.machines.updateValue(claim.fence, forKey: id) == nil, "started twice")
                try await farm.queue.finish(claim, displayURL: "http://host:6080")
                #expect(!Self.drained.contains(minute), "a drained host starts nothing")
            case (.stop, let id?):
                #expect(host.machines.removeValue(forKey: id) != nil, "stopped twice")
                try await farm.queue.finish(claim)
            default:
                host.checks += 1
                try await farm.queue.finish(claim)
            }
        }
    }

    /// A host that started an hour before the day.
    private static func kernel(_ host: String, _ minute: Int) -> BootTime {
        BootTime(boot: host, uptime: .minutes(60 + minute))
    }

    private func schedule(_ farm: Farm, _ minute: Int) async throws {
        #expect(try await farm.queue.lead("s1", lease: Self.lease, clock: Self.kernel("s1", minute)) != nil)
        _ = try await farm.queue.reap(lease: Self.lease)
        _ = try await farm.queue.promote()
        _ = try await farm.queue.tick(loadCheck: .minutes(2), lease: Self.lease)
    }

    /// What has to be so at every moment.
    /// - Returns: The sessions that are lost now.
    private func look(at host: Host, _ farm: Farm, _ minute: Int) async throws -> [SessionID] {
        let live = try await farm.queue.sessions(.live)
        let here = live.filter { $0.state != .queued }
        let known = try #require(try await farm.queue.hosts(lease: Self.lease).first)
        #expect(known.reserved.cpu == here.count, "\(minute)")
        #expect(known.reserved.memoryMiB == 1024 * here.count, "\(minute)")
        #expect(here.count <= 8)
        #expect(Set(here.map(\.id)) == Set(host.machines.keys), "\(minute)")
        let lost = live.filter { $0.state == .lost }.map(\.id)
        if !lost.isEmpty { #expect(Self.silence.contains(minute), "\(minute)") }
        return lost
    }
}
