import Domain
import Hypervisor
import Machines
import Queue
import Redis
import Testing
import TestSupport
@testable import Worker

/// Machines that the queue can't place: they are left alone, told of, and decided about by an administrator.
@Suite(.timeLimit(.minutes(2)))
struct StrayTests {
    /// Waits until a host tells of such machines, or of none.
    private static func strays(_ harness: WorkerHarness, _ count: Int = 1) async throws -> [Stray] {
        while true {
            let known = try await harness.queue.strays(lease: harness.options.lease).map(\.stray)
            if known.count == count { return known }
            // A host tells with its heartbeat, and of that no event.
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Does what an administrator decides; answers the job's state and error.
    private static func decide(
        _ kind: JobKind, _ id: SessionID, _ harness: WorkerHarness, host: String = "h1"
    ) async throws -> Job? {
        let job = JobID(milliseconds: 7)
        for _ in 0..<2 {
            #expect(
                try await harness.queue.decide(
                    kind, of: id, on: host, by: "root", from: "command line", job: job))
        }
        while true {
            let known = try await harness.queue.job(job.text)
            if let state = known?.state, state == .done || state == .dead { return known }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(arguments: [false, true])
    func `a queue that has lost its data ends no machine, and one is taken up again and stopped`(
        whileDown: Bool
    ) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue(owner: "bob")
        var before: Session?
        func lose() async throws { _ = try await harness.queue.redis.send(["FLUSHALL"]) }
        try await harness.working {
            // A claim with a number that the queue would come to only much later.
            before = try await harness.wait(for: id) { $0.displayReady }
            if !whileDown { try await lose() }
            if !whileDown { _ = try await Self.strays(harness) }
        }
        if whileDown { try await lose() }
        try await harness.working {
            let stray = try #require(try await Self.strays(harness).first)
            #expect(stray.session == id && stray.owner == "bob" && stray.machine == "m.iso" && stray.lives)
            #expect(await harness.hypervisor.living() == [id])
            // It takes its part of the host.
            var host: Host
            repeat {
                host = try #require(try await harness.queue.hosts(lease: harness.options.lease).first)
            } while !host.status.notice.contains("strays")
            #expect(host.status.capacity.cpu == host.status.cpus * 64 - 1)
            #expect(try await Self.decide(.takeStray, id, harness)?.state == .done)
            let session = try await harness.wait(for: id) { $0.displayReady }
            #expect(session.state == .running && session.request.owner == "bob" && session.fence == before?.fence)
            #expect(try await Self.strays(harness, 0).isEmpty)
            #expect(try await harness.queue.hosts()[0].reserved.cpu == 1)
            #expect(await harness.hypervisor.switchedOn[id] == 1)
            try await harness.queue.stop(id)
            #expect(try await harness.wait(for: id) { $0.state == .ended }.reason == .stopped)
            #expect(await harness.hypervisor.living() == [])
        }
    }

    @Test func `one is ended when an administrator says so, and not before`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working { try await harness.wait(for: id) { $0.displayReady } }
        _ = try await harness.queue.redis.send(["FLUSHALL"])
        try await harness.working {
            _ = try await Self.strays(harness)
            #expect(await harness.hypervisor.living() == [id])
            #expect(try await Self.decide(.endStray, id, harness)?.state == .done)
            #expect(await harness.hypervisor.living() == [])
            #expect(try await Self.strays(harness, 0).isEmpty)
            let acts = try await harness.queue.audit(after: nil, events: 1000).entries
            #expect(acts.contains { $0.act == .admin && $0.what == id.text && $0.detail == "end-stray" })
        }
    }

    @Test func `a host with another id than the queue has for its machines ends none of them`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working { try await harness.wait(for: id) { $0.displayReady } }
        try await harness.working({ $0.hostID = "h2" }) {
            let stray = try #require(try await Self.strays(harness).first)
            #expect(stray.why.contains("here"))
            #expect(await harness.hypervisor.living() == [id])
            // The queue has it as another host's, which may live.
            let job = try #require(try await Self.decide(.takeStray, id, harness, host: "h2"))
            #expect(job.state == .dead && job.error?.contains("knows this session") == true)
            #expect(await harness.hypervisor.living() == [id])
        }
        // And back: it goes on as if nothing had been.
        try await harness.working {
            while try await harness.queue.strays(lease: harness.options.lease).contains(where: { $0.host.id == "h1" }) {
            }
            #expect(try await harness.queue.session(id)?.state == .running)
            #expect(await harness.hypervisor.living() == [id])
            try await harness.queue.stop(id)
            try await harness.wait(for: id) { $0.state == .ended }
        }
    }

    @Test func `a host that is called by another name keeps its machines`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working { try await harness.wait(for: id) { $0.displayReady } }
        try await harness.working({ $0.host = "other" }) {
            while try await harness.queue.hosts().map(\.name) != ["other"] {}
            #expect(try await harness.queue.session(id)?.state == .running)
            #expect(await harness.hypervisor.living() == [id])
        }
    }

    @Test func `what lay on a disk before its worker was killed is kept where the queue knows nothing of it`()
        async throws
    {
        let harness = try await WorkerHarness()
        let id = SessionID(milliseconds: 5)
        let paths = HostPaths(runtime: "\(harness.server.directory)/r", state: "\(harness.server.directory)/s")
        let request = SessionRequest(
            owner: "eve", machine: "m.iso", resources: Resources(cpu: 1), lifetimeSeconds: 0, oneShot: false)
        try SessionRecord(fence: 3, request: request).write(paths.session(id))
        await harness.hypervisor.leave(MachineRef(id, fence: 0), .gone)
        try await harness.working {
            let stray = try #require(try await Self.strays(harness).first)
            #expect(stray.owner == "eve" && !stray.lives)
            let job = try #require(try await Self.decide(.takeStray, id, harness))
            #expect(job.error?.contains("session.json") == false && job.error?.contains("does not run") == true)
            #expect(SessionRecord.read(paths.session(id)) != nil)
        }
    }

    @Test(arguments: [false, true])
    func `a machine that has ended meanwhile says with what`(withItsHost: Bool) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        var fence = 0
        try await harness.working { fence = try await harness.wait(for: id) { $0.displayReady }.fence }
        // A host that starts anew has nothing in its runtime directory.
        await harness.hypervisor.leave(MachineRef(id, fence: withItsHost ? 0 : fence), .gone)
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == .crashed)
            let words = withItsHost ? "was started anew" : "while its worker was away"
            #expect(session.detail?.contains(words) == true, "\(session.detail ?? "")")
        }
    }

    @Test func `what never ran goes`() async throws {
        let harness = try await WorkerHarness()
        let paused = SessionID(milliseconds: 5), gone = SessionID(milliseconds: 6)
        await harness.hypervisor.leave(MachineRef(paused, fence: 1), .paused)
        await harness.hypervisor.leave(MachineRef(gone, fence: 1), .gone)
        try await harness.working {
            while try await harness.queue.hosts().isEmpty {}
            #expect(await harness.hypervisor.adopt() == [])
        }
        #expect(try await harness.queue.strays(lease: harness.options.lease).isEmpty)
    }
}

/// Two that believe to be the same host.
@Suite(.timeLimit(.minutes(1)))
struct TwinTests {
    @Test(arguments: [Arrival.What.id, .name])
    func `the second of two is refused, with both named, and harms nothing`(what: Arrival.What) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            let twin = harness.worker(runtime: "r2", state: "s2") {
                if what == .name { $0.hostID = "h2" } else { $0.host = "elsewhere" }
                $0.place = HostPlace(id: "p2", text: "there:/s2")
            }
            let error = await #expect(throws: HostTaken.self) { try await twin.run() }
            let text = try #require(error).description
            #expect(text.contains("here:/s") && text.contains("there:/s2"), "\(text)")
            #expect(text.contains(what == .id ? "host-id" : "worker.name"))
            #expect(try await harness.queue.session(id)?.state == .running)
            #expect(try await harness.queue.hosts().map(\.id) == ["h1"])
        }
    }

    @Test func `one that has left for good gives way`() async throws {
        let harness = try await WorkerHarness()
        // It lives until it is silent for two leases, or says that it has left.
        try await harness.working { while try await harness.queue.hosts().isEmpty {} }
        try await harness.working({ $0.place = HostPlace(id: "p2", text: "there:/s") }) {
            while try await harness.queue.redis.send(["HGET", "qwd:host:h1", "place"]).string != "p2" {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test func `a worker whose host was taken by another one does nothing until that one is gone`() async throws {
        let harness = try await WorkerHarness()
        try await harness.working {
            while try await harness.queue.hosts().isEmpty {}
            // A copy has come while this one was thought to be silent.
            _ = try await harness.queue.redis.send(["HSET", "qwd:host:h1", "place", "p2", "where", "there:/s"])
            let beat = try await harness.queue.redis.send(["HGET", "qwd:host:h1", "seen_at"])
            try await Task.sleep(for: harness.options.lease / 2)
            let id = try await harness.enqueue()
            #expect(try await harness.queue.redis.send(["HGET", "qwd:host:h1", "seen_at"]) == beat)
            // The copy is silent from now on: after two leases this one is the host again.
            try await harness.wait(for: id) { $0.displayReady }
            #expect(try await harness.queue.redis.send(["HGET", "qwd:host:h1", "place"]).string == "p1")
        }
    }
}
