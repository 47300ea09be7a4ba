import Domain
@testable import Queue
import Redis
import Testing

/// What hosts say about themselves.
@Suite(.timeLimit(.minutes(5)))
struct HostTests {
    @Test func `a heartbeat tells all about a host and is true for two leases`() async throws {
        try await withFarm { farm in
            let status = HostStatus(
                name: "one", cpus: 4, memoryMiB: 16_000,
                capacity: Resources(cpu: 16, memoryMiB: 15_000, diskGiB: 70, gpu: 1), closure: .disk, load1: 1.25,
                cpuBusy: 0.333,
                memoryAvailableMiB: 9000, diskFreeMiB: 123_456, bootID: "b-1", accelerator: "tcg", notice: "no KVM",
                version: "1.2", displayURL: "http://h1:6080")
            #expect(try await farm.queue.hostUp("h1", status: status, living: []) == [])
            let host = try #require(try await farm.queue.hosts(lease: Farm.lease).first)
            #expect(host.id == "h1" && host.name == "one")
            #expect(host.status == status)
            #expect(host.alive)
            #expect(!host.draining)
            #expect(abs(host.seenAt - Int64(try await farm.now())) < 300_000)

            try await farm.pass(.minutes(110))
            #expect(try await farm.queue.hosts(lease: Farm.lease).map(\.alive) == [true])
            try await farm.pass(.minutes(11))
            #expect(try await farm.queue.hosts(lease: Farm.lease).map(\.alive) == [false])
            #expect(try await farm.queue.hosts(lease: Farm.lease * 2).map(\.alive) == [true])
            _ = try await farm.queue.hostUp("h1", status: status, living: [])
            #expect(try await farm.queue.hosts(lease: Farm.lease).map(\.alive) == [true])
        }
    }

    @Test func `a host that has another name now has it in its sessions too`() async throws {
        try await withFarm { farm in
            let place = HostPlace(id: "p", text: "here")
            _ = try await farm.queue.arrive("h1", name: "old", place: place, lease: Farm.lease)
            try await farm.host()
            let subject = try await farm.session(in: .running)
            _ = try await farm.queue.arrive("h1", name: "new", place: place, lease: Farm.lease)
            #expect(try await farm.queue.session(subject.session)?.hostName == "new")
        }
    }

    @Test func `a heartbeat keeps what is promised`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running, cpu: 3)
            try await farm.host(cpu: 2, living: [subject.session])
            #expect(try await farm.reserved() == [3, 1024, 1])
            _ = try await farm.enqueue()
            #expect(try await farm.claim() == nil)
        }
    }

    @Test func `a heartbeat is answered with the sessions that are placed on the host`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            try await farm.host("h2")
            var expected: Set<PlacedSession> = []
            for state in [SessionState.running, .stopping] {
                let subject = try await farm.session(in: state)
                let fence = try #require(subject.claim).fence
                expected.insert(PlacedSession(id: subject.session, fence: fence, state: state))
                if state == .stopping { #expect(try await farm.claim() != nil) }
            }
            _ = try await farm.session(in: .starting)
            _ = try await farm.session(in: .ended)
            #expect(Set(try await farm.host("h1")) == expected)
            #expect(try await farm.host("h2") == [])
        }
    }

    @Test func `the machines that hosts offer are those that a form shows`() async throws {
        try await withFarm { farm in
            #expect(try await farm.queue.machines(lease: Farm.lease) == [])
            try await farm.host("h1", machines: ["debian", "windows"])
            try await farm.host("h2", machines: ["debian", "alpine"])
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["alpine", "debian", "windows"])
            #expect(try await farm.queue.machines(lease: Farm.lease).first == .sample("alpine"))

            // Taken back by the one, still there at the other.
            try await farm.host("h1", machines: ["windows"])
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["alpine", "debian", "windows"])
            let digest = try await farm.digest()
            try await farm.queue.offer([.sample("windows")], host: "h1")
            #expect(try await farm.digest() == digest)
            try await farm.host("h2", machines: [])
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["windows"])
            #expect(try await farm.redis.send(["HKEYS", "qwd:machines"]) == .array([.string("windows")]))

            // What only a silent host has can't be started now.
            try await farm.silence("h1")
            #expect(try await farm.queue.machines(lease: Farm.lease) == [])
            #expect(try await farm.queue.machines(lease: Farm.lease * 2).map(\.name) == ["windows"])
        }
    }

    @Test func `a machine that no form shows can be asked for by its name`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            let asked = try await farm.enqueue(machine: "rescue.iso")
            #expect(try await farm.queue.isOffered("rescue.iso", lease: Farm.lease) == false)
            #expect(try await farm.claim() == nil)
            try await farm.queue.offer([.sample("debian")], unlisted: ["rescue.iso"], host: "h1")
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["debian"])
            #expect(try await farm.queue.isOffered("rescue.iso", lease: Farm.lease))
            #expect(try await farm.claim()?.session == asked.session)

            // Shown once, and taken back: no form shows it any more.
            try await farm.queue.offer([.sample("debian"), .sample("rescue.iso")], host: "h1")
            #expect(try await farm.queue.machines(lease: Farm.lease).count == 2)
            try await farm.queue.offer([.sample("debian")], unlisted: ["rescue.iso"], host: "h1")
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["debian"])
            #expect(try await farm.queue.isOffered("rescue.iso", lease: Farm.lease))
        }
    }

    @Test func `a description that this version can't read is not offered`() async throws {
        try await withFarm { farm in
            try await farm.host(machines: ["debian", "future"])
            _ = try await farm.redis.send(["HSET", "qwd:machines:offers:h1", "future", "{\"name\": 5}"])
            #expect(try await farm.queue.machines(lease: Farm.lease).map(\.name) == ["debian"])
        }
    }

    @Test func `a user is told of trouble once, and when it is over`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            try await farm.queue.trouble(subject.session, detail: "disk full")
            let digest = try await farm.digest()
            try await farm.queue.trouble(subject.session, detail: "disk full")
            #expect(try await farm.digest() == digest)
            #expect(try await farm.queue.session(subject.session)?.detail == "disk full")
            try await farm.queue.trouble(subject.session, detail: "")
            #expect(try await farm.queue.session(subject.session)?.detail == nil)
            #expect(try await farm.state(subject.session) == .running)

            let ended = try await farm.session(in: .ended)
            let before = try await farm.digest()
            try await farm.queue.trouble(ended.session, detail: "x")
            try await farm.queue.trouble(farm.id(), detail: "x")
            #expect(try await farm.digest() == before)
        }
    }

    @Test func `a host that is given up takes its sessions along, and ends their machines should it come back`()
        async throws
    {
        try await withFarm { farm in
            try await farm.host("h1")
            let stopped = try await farm.session(in: .running)
            let lost = try await farm.session(in: .running)
            let refusal = await #expect(throws: QueueError.self) {
                try await farm.queue.forget(host: "h1", lease: Farm.lease)
            }
            #expect(refusal?.detail == "host h1 still answers: stop its worker first")
            #expect(try await farm.queue.forget(host: "h7", lease: Farm.lease) == nil)
            try await farm.silence("h1")
            #expect(try await farm.reap().lost == 2)
            #expect(try await farm.queue.stop(stopped.session) == .lost)

            #expect(try await farm.queue.forget(host: "h1", lease: Farm.lease) == 2)
            #expect(try await farm.queue.session(stopped.session)?.reason == .stopped)
            #expect(try await farm.queue.session(lost.session)?.reason == .lost)
            #expect(try await farm.jobState("\(stopped.session)-stop") == .cancelled)
            #expect(try await farm.queue.hosts() == [])
            #expect(try await farm.queue.machines() == [])
            for key in ["qwd:sessions", "qwd:sessions:host:h1", "qwd:queue:host:h1", "qwd:host:h1", "qwd:jobs:running"]
            {
                #expect(try await !farm.exists(key), "\(key)")
            }

            // It lives after all. A machine of which the queue knows nothing at all is left alone.
            let unknown = SessionID(milliseconds: 1)
            let placed = try await farm.host("h1", living: [stopped.session, lost.session, unknown])
            #expect(Set(placed.map(\.id)) == [stopped.session, lost.session, unknown])
            for session in placed {
                let isKnown = session.id != unknown
                #expect(session.state == (isKnown ? .ended : nil) && (session.fence > 0) == isKnown)
            }
        }
    }

    @Test func `a host with a session that is just starting is not given up`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            let starting = try await farm.session(in: .starting)
            try await farm.silence("h1")
            await #expect(throws: QueueError.self) { try await farm.queue.forget(host: "h1", lease: Farm.lease) }
            #expect(try await farm.state(starting.session) == .starting)
        }
    }

    @Test func `a session that its owner gave up on a silent host takes no place of theirs`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            var limits = Limits.none
            limits.sessionsPerUser = 2
            let first = try await farm.session(in: .running)
            _ = try await farm.session(in: .running)
            try await farm.silence("h1")
            #expect(try await farm.reap().lost == 2)
            await #expect(throws: QueueError.self) { try await farm.enqueue(limits: limits) }
            try await farm.queue.stop(first.session)
            #expect(try await farm.enqueue(limits: limits).isNew)
            await #expect(throws: QueueError.self) { try await farm.enqueue(limits: limits) }
        }
    }

    @Test func `the first host's mark of the secret is the one that counts, until it is forgotten`() async throws {
        try await withFarm { farm in
            #expect(try await farm.queue.secretMark(asking: "a") == "a")
            #expect(try await farm.queue.secretMark(asking: "b") == "a")
            _ = try await farm.queue.send(["DEL", "qwd:secret"])
            #expect(try await farm.queue.secretMark(asking: "b") == "b")
        }
    }
}
