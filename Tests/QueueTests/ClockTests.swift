import Domain
import Queue
import Redis
import Testing
import TestSupport

/// The clock of Redis' host steps: at its first look at a time server, or with the hypervisor below it.
@Suite(.timeLimit(.minutes(2)))
struct ClockTests {
    private static let lease = Duration.seconds(30)

    /// A scheduler and a worker that tell how long their kernels have run.
    private struct Round {
        var farm: Farm
        /// How long ago all of it began, by clocks that nobody sets.
        var passed = Duration.zero

        /// Both say that so much time has passed since their last round.
        /// - Returns: Sessions that are due.
        @discardableResult
        mutating func goOn(_ time: Duration, worker: Bool = true, living: [SessionID] = []) async throws -> Int {
            passed += time
            func clock(_ boot: String) -> BootTime { BootTime(boot: boot, uptime: .seconds(1000) + passed) }
            if worker {
                _ = try await farm.queue.hostUp(
                    "h1", status: .sample("h1", cpu: 8, memoryMiB: 16_384, busy: 0), living: living,
                    lease: ClockTests.lease, clock: clock("worker"))
            }
            _ = try await farm.queue.lead("s1", lease: ClockTests.lease, clock: clock("scheduler"))
            _ = try await farm.queue.reap(lease: ClockTests.lease)
            _ = try await farm.queue.promote()
            return try await farm.queue.tick(loadCheck: .zero, lease: ClockTests.lease).expired
        }
    }

    private static func start(_ farm: Farm, lifetime: Int) async throws -> SessionID {
        let id = try await farm.enqueue(lifetime: lifetime).session
        let job = try #require(
            try await farm.queue.claim(
                host: "h1", worker: "h1", routes: [.create], lease: Self.lease, limits: .none))
        #expect(try await farm.queue.commit(job.claim, accelerator: "kvm") == .ok)
        try await farm.queue.finish(job.claim, displayURL: "http://h1:6080")
        return id
    }

    @Test(arguments: [Duration.minutes(120), .minutes(-120), .minutes(24 * 60), .minutes(-24 * 60 * 400)])
    func `a session lives as long as it was promised, and nothing is lost`(step: Duration) async throws {
        try await withFarm(fakesClock: true) { farm in
            var round = Round(farm: farm)
            try await round.goOn(.zero)
            try await farm.queue.offer([.sample("debian")], tags: [], host: "h1")
            let hour = try await Self.start(farm, lifetime: 3600)
            let queued = try await farm.enqueue(machine: "other").session
            // One that ended, and one that starts while the clock steps.
            let over = try await Self.start(farm, lifetime: 3600)
            #expect(
                try await farm.queue.end(
                    over, fence: try #require(try await farm.queue.session(over)?.fence), reason: .poweredOff,
                    detail: "") == .ok)
            _ = try await farm.enqueue()
            let starting = try #require(try await farm.claim())

            try farm.server.clock?.set(step)
            // A heartbeat and a round of the scheduler after the other, as if nothing had happened.
            for _ in 0..<6 { #expect(try await round.goOn(.seconds(10), living: [hour]) == 0) }
            #expect(try await farm.queue.renew([starting], lease: Self.lease) == [.ok])
            for _ in 0..<5 { #expect(try await round.goOn(.minutes(11), living: [hour]) == 0) }
            #expect(try await farm.queue.session(hour)?.state == .running)
            #expect(try await farm.queue.session(queued)?.state == .queued)
            #expect(try await farm.queue.session(over)?.state == .ended)
            #expect(try await farm.queue.hosts(lease: Self.lease).map(\.alive) == [true])
            // What people see of its end is by the clock that they see.
            let ends = try #require(try await farm.queue.session(hour)?.expiresAt)
            let left = ends - Int64(try await farm.now())
            #expect((3 * 60_000...4 * 60_000 + 5000).contains(left), "\(left)")
            // Of its 60 minutes 56 are over, and the clock may have been followed for some seconds in each round.
            #expect(try await round.goOn(.seconds(245), living: [hour]) == 1)
            #expect(try await farm.queue.session(hour)?.stopRequested == true)
        }
    }

    @Test func `a longer life that was asked for once is not asked for twice when the clock has stepped`() async throws
    {
        try await withFarm(fakesClock: true) { farm in
            var round = Round(farm: farm)
            try await round.goOn(.zero)
            try await farm.queue.offer([.sample("debian")], tags: [], host: "h1")
            let id = try await Self.start(farm, lifetime: 3600)
            try farm.server.clock?.set(.minutes(120))
            try await round.goOn(.seconds(10), living: [id])
            let seen = try #require(try await farm.queue.session(id)?.expiresAt)
            for _ in 0..<2 {
                #expect(try await farm.queue.extend(id, seconds: 600, limits: .none, seen: seen) == seen + 600_000)
            }
            let event = try #require(try await farm.queue.events(of: id).last)
            #expect(event.fields["expires_at"] == "\(seen + 600_000)")
        }
    }

    @Test func `time that passed while no scheduler and no worker ran has passed`() async throws {
        try await withFarm(fakesClock: true) { farm in
            var round = Round(farm: farm)
            try await round.goOn(.zero)
            try await farm.queue.offer([.sample("debian")], tags: [], host: "h1")
            let id = try await Self.start(farm, lifetime: 3600)
            try farm.server.clock?.set(.minutes(61))
            #expect(try await round.goOn(.minutes(61), living: [id]) == 1)
        }
    }

    @Test func `a scheduler on a host that was brought back to an earlier moment goes on`() async throws {
        try await withFarm { farm in
            var round = Round(farm: farm)
            try await round.goOn(.zero)
            try await farm.queue.offer([.sample("debian")], tags: [], host: "h1")
            let id = try await Self.start(farm, lifetime: 3600)
            try await round.goOn(.minutes(30), living: [id])
            // Both kernels are half an hour younger again.
            #expect(try await round.goOn(.minutes(-30), living: [id]) == 0)
            #expect(try await round.goOn(.minutes(29), living: [id]) == 0)
            #expect(try await round.goOn(.minutes(2), living: [id]) == 1)
        }
    }

    @Test func `kernels that are gone are not remembered for ever`() async throws {
        try await withFarm { farm in
            for number in 0..<200 {
                _ = try await farm.queue.lead(
                    "s1", lease: Self.lease, clock: BootTime(boot: "kernel\(number)", uptime: .seconds(number)))
            }
            #expect(try #require(try await farm.redis.send(["HLEN", "qwd:clock"]).integer) <= 70)
        }
    }
}
