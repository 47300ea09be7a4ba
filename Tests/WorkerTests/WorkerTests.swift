import Display
import Domain
import Glibc
import Hypervisor
import Machines
import Queue
import Redis
import Secrets
import Synchronization
import Testing
import TestSupport
@testable import Worker

@Suite(.timeLimit(.minutes(1)))
struct WorkerTests {
    @Test(arguments: [
        "groups", "owner_known", "any_machine", "use_master", "machine_options", "image_path", "owner", "machine",
        "no_folders", "seal",
    ])
    func `who writes to Redis gives a session no rights`(field: String) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue(owner: "bob")
        let values = [
            "image_path": "/etc/shadow", "groups": "staff", "machine_options": "cpu_model=max", "owner": "ann",
            "machine": "anns.iso", "seal": "",
        ]
        let value = values[field] ?? "1"
        _ = try await harness.queue.redis.send(["HSET", "qwd:session:\(id)", field, value])
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.state == .running || $0.state == .ended }
            #expect(
                session.state == .ended && session.detail?.contains("Nobody who knows the service's secret") == true)
            #expect(await harness.hypervisor.switchedOn[id] == nil)
        }
    }

    @Test func `a clock that goes wrong is told of`() async throws {
        #expect(Worker.notice(ofLead: nil) == nil && Worker.notice(ofLead: 9) == nil)
        #expect(Worker.notice(ofLead: 3600)?.contains("3600 s ahead of") == true)
        #expect(Worker.notice(ofLead: -11)?.contains("11 s behind") == true)
        let harness = try await WorkerHarness()
        #expect(try await harness.queue.clockLead(now: time(nil) + 100).map { (99...101).contains($0) } == true)
    }

    @Test func `what was given by who knows the secret counts for that session alone`() async throws {
        let harness = try await WorkerHarness()
        var request = SessionRequest(
            owner: "bob", machine: "anns.iso", resources: Resources(cpu: 1, memoryMiB: 16, diskGiB: 1),
            lifetimeSeconds: 0, oneShot: false)
        request.isForAnyMachine = true
        let (secret, good, bad) = (
            WorkerHarness.secret, SessionID(milliseconds: 1), SessionID(milliseconds: 2)
        )
        let sealed = secret.sealed(request, for: good)
        for id in [good, bad] {
            _ = try await harness.queue.enqueue(
                sealed, limits: .none, id: id, job: JobID(milliseconds: id == good ? 1 : 2))
        }
        try await harness.working {
            try await harness.wait(for: good) { $0.state == .running }
            let other = try await harness.wait(for: bad) { $0.state == .ended || $0.state == .running }
            #expect(other.state == .ended)
        }
    }

    @Test(arguments: [("ann", true), ("bob", false)])
    func `a machine that became somebody else's while it was waited for does not start`(
        owner: PersonName, starts: Bool
    ) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue("anns.iso", owner: owner)
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.state == .running || $0.state == .ended }
            #expect((session.state == .running) == starts)
            if !starts { #expect(session.detail?.contains("no longer for bob") == true) }
        }
    }

    @Test func `a waiting job becomes a running session whose machine was switched on once`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.displayReady }
            #expect(session.state == .running)
            #expect(session.accelerator == "simulated")
            #expect(await harness.hypervisor.switchedOn[id] == 1)
        }
    }

    @Test
    func `a stopped session is ended and its part of the host given back`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            try await harness.queue.stop(id)
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == .stopped)
            #expect(try await harness.queue.hosts()[0].reserved.cpu == 0)
            #expect(await harness.hypervisor.living() == [])
        }
    }

    @Test(arguments: [EndReason.crashed, .poweredOff])
    func `a machine that ends by itself ends its session with the reason`(reason: EndReason) async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            await harness.hypervisor.end(id, reason, detail: "why")
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == reason)
            #expect(session.detail == "why")
            #expect(try await harness.queue.hosts()[0].reserved.memoryMiB == 0)
        }
    }

    @Test func `a display that its viewers have left for good ends its session, a stale one nothing`() async throws {
        let bridge = SimulatedBridge()
        let harness = try await WorkerHarness(bridge: bridge)
        let id = try await harness.enqueue()
        try await harness.working {
            let fence = try await harness.wait(for: id) { $0.displayReady }.fence
            for fence in [fence - 1, fence] {
                for event in [DisplayEvent.watched, DisplayEvent.left] {
                    bridge.tell(event(MachineRef(id, fence: fence)))
                }
            }
            bridge.tell(.deserted(MachineRef(id, fence: fence - 1)))
            let other = try await harness.enqueue(owner: "bob")
            try await harness.wait(for: other) { $0.displayReady }
            #expect(try await harness.queue.session(id)?.state == .running)
            bridge.tell(.deserted(MachineRef(id, fence: fence)))
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == .viewerLeft)
            #expect(await harness.hypervisor.living() == [other])
        }
    }

    @Test func `what can never work fails at once with its reason`() async throws {
        let harness = try await WorkerHarness(failures: ["broken.iso": MachineError(.badImage, "It is broken.")])
        let id = try await harness.enqueue("broken.iso")
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == .failed)
            #expect(session.detail == "It is broken.")
            #expect(session.attempt == 1)
            #expect(await harness.hypervisor.adopt() == [])
        }
    }

    @Test func `what may work later goes back to the queue and tells why`() async throws {
        let harness = try await WorkerHarness(failures: ["broken.iso": MachineError(.noSpace, "The disk is full.")])
        let id = try await harness.enqueue("broken.iso")
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.state == .queued && $0.detail != nil }
            #expect(session.detail == "The disk is full.")
            let job = try #require(session.job)
            #expect(try await harness.queue.job(job.text)?.state == .later)
            #expect(try await harness.queue.job(job.text)?.attempt == 0)
        }
    }

    @Test func `one session too many waits and starts when there is room`() async throws {
        var limits = Limits.none
        limits.sessions = 2
        let harness = try await WorkerHarness(limits: limits)
        let ids = [try await harness.enqueue(), try await harness.enqueue(), try await harness.enqueue()]
        try await harness.working {
            try await harness.wait(for: ids[0]) { $0.displayReady }
            try await harness.wait(for: ids[1]) { $0.displayReady }
            let waiting = try #require(try await harness.queue.session(ids[2]))
            #expect(waiting.state == .queued)
            #expect(try await harness.queue.place(waiting.request, limits: limits).blocker == .farmIsFull(sessions: 2))
            #expect(try await harness.queue.position(of: waiting) == 1)
            try await harness.queue.stop(ids[0])
            try await harness.wait(for: ids[2]) { $0.displayReady }
        }
    }

    @Test func `more jobs than slots are all done`() async throws {
        let harness = try await WorkerHarness(concurrentJobs: 2)
        var ids: [SessionID] = []
        for _ in 0..<16 { ids.append(try await harness.enqueue()) }
        try await harness.working {
            for id in ids { #expect(try await harness.wait(for: id) { $0.displayReady }.state == .running) }
            for id in ids { try await harness.queue.stop(id) }
            for id in ids { try await harness.wait(for: id) { $0.state == .ended } }
            #expect(try await harness.queue.hosts()[0].reserved.cpu == 0)
        }
    }

    @Test func `a second worker of the same host is refused with the way out`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            let error = await #expect(throws: (any Error).self) { try await harness.worker.run() }
            #expect("\(error.map { "\($0)" } ?? "")".contains("worker.name"))
        }
    }

    @Test func `the machines a host offers are those of its catalogue`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            #expect(try await harness.queue.machines().map(\.name) == ["anns.iso", "broken.iso", "m.iso"])
        }
    }

    @Test func `a catalogue that does not come back holds up no heartbeat`() async throws {
        let reads = AsyncStream.makeStream(of: Void.self)
        let calls = Mutex(0)
        let harness = try await WorkerHarness(onCatalogue: {
            // The first is that of the start. All others hang until the worker ends.
            if calls.withLock({
                $0 += 1; return $0
            }) == 1 {
                return
            }
            reads.continuation.yield()
            for await _ in AsyncStream<Void>.makeStream().stream {}
        })
        try await harness.working {
            for await _ in reads.stream { break }
            // Of a heartbeat no event tells: it is asked for until it has come.
            let seen = try await harness.queue.redis.send(["ZSCORE", "qwd:hosts", "h1"])
            while try await harness.queue.redis.send(["ZSCORE", "qwd:hosts", "h1"]) == seen {}
        }
    }

    @Test func `a worker that shares no more than the disks with another one is refused`() async throws {
        let harness = try await WorkerHarness()
        try await harness.working {
            let id = try await harness.enqueue()
            try await harness.wait(for: id) { $0.displayReady }
            let other = harness.worker(runtime: "other")
            let error = await #expect(throws: (any Error).self) { try await other.run() }
            #expect("\(error.map { "\($0)" } ?? "")".contains("state_dir"))
        }
    }

    @Test func `a worker that is ended while Redis is away ends, and leaves the session to the next one`() async throws
    {
        let (away, isAway) = AsyncStream.makeStream(of: Void.self)
        let harness = try await WorkerHarness(onCatalogue: { isAway.yield() })
        let server = harness.server
        let run = Task { try await harness.worker.run() }
        // The heartbeat reads the catalogue as well; the session is there after that.
        for await _ in away { break }
        let id = try await harness.enqueue()
        for await _ in away {
            if try await harness.queue.session(id)?.state == .starting { break }
        }
        server.kill()
        run.cancel()
        await harness.queue.redis.close()
        // It would be in vain to go on asking.
        try await run.value
    }

    @Test func `a display that is opened after the end of its session is closed again`() async throws {
        let bridge = SlowBridge()
        let harness = try await WorkerHarness(bridge: bridge)
        let id = try await harness.enqueue()
        try await harness.working {
            await bridge.waitForOpening()
            await harness.hypervisor.end(id, .poweredOff)
            let session = try await harness.wait(for: id) { $0.state == .ended }
            #expect(session.reason == .poweredOff)
            await bridge.goOn()
            await bridge.waitForClosing()
            #expect(await bridge.opened == [])
        }
    }

    @Test func `a machine of a session that was given up is ended when its host comes back`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            let session = try await harness.wait(for: id) { $0.displayReady }
            // As if the host had been silent meanwhile.
            #expect(try await harness.queue.end(id, fence: session.fence, reason: .lost, detail: "") == .ok)
            while await harness.hypervisor.living() != [] {
                // A heartbeat tells nobody that it was.
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await harness.queue.session(id)?.reason == .lost)
        }
    }

    @Test func `a host that was forgotten offers its machines again`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            // As if it had been silent for long.
            #expect(try await harness.queue.forget(host: "h1", lease: .zero) == 1)
            #expect(try await harness.queue.machines() == [])
            while try await harness.queue.machines().count < 2 {
                // A heartbeat tells nobody that it was.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test func `a claim whose reply may be lost has a key`() async throws {
        let harness = try await WorkerHarness()
        let id = try await harness.enqueue()
        try await harness.working {
            try await harness.wait(for: id) { $0.displayReady }
            let key = try await harness.queue.redis.send(["GET", "qwd:claimed:h1"]).string
            #expect(key?.isEmpty == false)
        }
    }

    @Test func `the end of an earlier claim does not end a later one of the same job`() async {
        let table = JobTable()
        let (first, second) = (Claim.create(fence: 1), Claim.create(fence: 2))
        _ = await table.begin(first)
        _ = await table.begin(second)
        await table.abort(first)
        await table.end(first)
        #expect(await table.claims == [second])
        #expect(await !table.isAborted(second))
    }

    @Test func `a claim keeps its key until there is an answer`() async {
        let table = JobTable()
        let key = await table.nextClaimKey()
        #expect(await table.nextClaimKey() == key)
        await table.claimAnswered()
        #expect(await table.nextClaimKey() != key)
    }
}

extension Claim {
    fileprivate static func create(fence: Int) -> Claim {
        Claim(job: "j", kind: .create, session: nil, fence: fence, attempt: 1)
    }
}
