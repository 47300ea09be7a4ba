@testable import Catalogue
@testable import Display
import Domain
import Foundation
import Glibc
import GuestNetwork
@testable import Hypervisor
import Logging
@testable import Machines
import Processes
import QMP
import Testing
import TestSupport

/// Real QEMU with the GRUB rescue ISO, under TCG everywhere.
@Suite(.timeLimit(.minutes(3)), .serialized, .enabled(if: Programs.find("qemu-system-x86_64") != nil))
struct QEMUHypervisorTests {
    private static let grub = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
    private let root: String
    private let paths: HostPaths

    init() throws {
        root = "/tmp/qwd-vm-\(SessionID(milliseconds: 0).text.suffix(7))"
        paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        try Files.makeDirectory(paths.sessions)
        try Files.makeDirectory(paths.disks)
    }

    private func specify(_ machine: Machine? = nil, session: SessionID? = nil, fence: Int = 1) -> MachineSpecification {
        MachineSpecification(
            session: session ?? SessionID(milliseconds: 1_000), fence: fence,
            machine: machine ?? Machine(name: "grub.iso", description: "", path: Self.grub, kind: .iso, format: .raw),
            cpu: 1, memoryMiB: 256, diskGiB: 1)
    }

    /// Runs `body` with a hypervisor that watches its machines, and removes all files afterwards.
    private func withHypervisor(_ body: (QEMUHypervisor) async throws -> Void) async throws {
        let hypervisor = makeHypervisor(paths)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            try await body(hypervisor)
            group.cancelAll()
        }
        for session in await hypervisor.living() { try await hypervisor.tearDown(MachineRef(session, fence: .max)) }
        await hypervisor.network.end()
        Files.remove(root)
    }

    private func event(of hypervisor: QEMUHypervisor) async -> MachineEvent? {
        for await event in hypervisor.events { return event }
        return nil
    }

    private func process(_ session: SessionID) -> ProcessHandle? {
        ProcessHandle(pidFile: paths.session(session).pid, mark: QEMUArguments.mark(session))
    }

    @Test func `a machine starts paused, runs when switched on, and leaves nothing behind`() async throws {
        try await withHypervisor { hypervisor in
            let specification = specify()
            let id = specification.session
            try await hypervisor.makeSnapshot(specification)
            try await hypervisor.launch(specification)
            #expect(await hypervisor.adopt() == [])
            await hypervisor.settle()
            try await hypervisor.connectNetwork(MachineRef(id, fence: 1))
            try await hypervisor.switchOn(MachineRef(id, fence: 1))
            let handle = try #require(process(id))
            try await hypervisor.tearDown(MachineRef(id, fence: 1))
            #expect(handle.isGone)
            #expect(Files.names(in: paths.sessions) == [] && Files.names(in: paths.disks) == [])
        }
    }

    @Test func `a master that is written over under a running machine is told`() async throws {
        try await withHypervisor { hypervisor in
            let file = "\(root)/grub.iso"
            try FileManager.default.copyItem(atPath: Self.grub, toPath: file)
            let image = try ImageInspector.inspect(ImageFile(path: file))
            let specification = specify(Machine(name: "grub.iso", path: file, image: image))
            try await hypervisor.makeSnapshot(specification)
            try await hypervisor.launch(specification)
            let writer = try #require(FileHandle(forUpdatingAtPath: file))
            try writer.write(contentsOf: Data([0xEB]))
            try writer.close()
            await hypervisor.checkUp()
            let told = await event(of: hypervisor)
            guard case .trouble(specification.session, let detail)? = told else {
                Issue.record("\(String(describing: told))")
                return
            }
            #expect(detail.contains("mv, not cp"))
        }
    }

    @Test func `an older claim may not touch what a newer one made, with any step`() async throws {
        try await withHypervisor { hypervisor in
            let id = SessionID(milliseconds: 2_000)
            let old = MachineRef(id, fence: 4)
            let specification = specify(session: id, fence: 5)
            let bridge = GatewayBridge(
                paths: paths, host: "127.0.0.1", port: 0, publicURL: "", program: GatewayProgram(path: "/bin/false"),
                logger: Logger(label: "test"))
            func refuses(_ step: () async throws(MachineError) -> Void) async {
                let error = await #expect(throws: MachineError.self) { try await step() }
                #expect(error?.code == .stale)
            }
            try await hypervisor.makeSnapshot(specification)
            await refuses { () async throws(MachineError) in
                try await hypervisor.makeSnapshot(specify(session: id, fence: 4))
            }
            await refuses { () async throws(MachineError) in try await hypervisor.launch(specify(session: id, fence: 4))
            }
            try await hypervisor.launch(specification)
            await refuses { () async throws(MachineError) in try await hypervisor.connectNetwork(old) }
            await refuses { () async throws(MachineError) in try await hypervisor.switchOn(old) }
            await refuses { () async throws(MachineError) in
                try await bridge.publish(old, token: "stale", oneShot: false)
            }
            #expect(Files.names(in: paths.tokens) == [])
            await hypervisor.powerDown(old, grace: .seconds(60))
            try await hypervisor.tearDown(old)
            // Still as its own claim has left it.
            #expect(await hypervisor.living() == [id])
            await hypervisor.settle()
            try await hypervisor.connectNetwork(specification.ref)
            try await hypervisor.switchOn(specification.ref)
            try await hypervisor.tearDown(specification.ref)
            #expect(Files.names(in: paths.sessions) == [])
        }
    }

    @Test func `a second hypervisor finds the machines of the first one`() async throws {
        try await withHypervisor { first in
            let specification = specify()
            try await first.makeSnapshot(specification)
            try await first.launch(specification)
            try await first.switchOn(specification.ref)
            await first.detach()
            let second = makeHypervisor(paths)
            let adopted = await second.adopt()
            #expect(adopted == [AdoptedMachine(session: specification.session, fence: 1, state: .running)])
            try await second.tearDown(MachineRef(specification.session, fence: 1))
            #expect(Files.names(in: paths.sessions) == [])
        }
    }

    @Test func `a machine that does not answer for a while is left alive, and goes on when it does`() async throws {
        try await withHypervisor { first in
            let specification = specify(session: SessionID(milliseconds: 5_000))
            let id = specification.session
            try await first.makeSnapshot(specification)
            try await first.launch(specification)
            try await first.switchOn(MachineRef(id, fence: 1))
            await first.detach()
            let qemu = try #require(process(id))
            qemu.signal(SIGSTOP)
            try await withHypervisor { second in
                #expect(await second.adopt() == [AdoptedMachine(session: id, fence: 1, state: .silent)])
                #expect(await second.living() == [id])
                guard case .trouble(id, _) = await event(of: second) else {
                    Issue.record("nobody was told")
                    return
                }
                qemu.signal(SIGCONT)
                let event = await event(of: second)
                #expect(event == .answered(AdoptedMachine(session: id, fence: 1, state: .running)))
                #expect(!qemu.isGone)
                try await second.tearDown(MachineRef(id, fence: 1))
                #expect(qemu.isGone)
            }
        }
    }

    @Test func `a machine that never answers can be ended, and its own end is noticed`() async throws {
        try await withHypervisor { first in
            for milliseconds in [6_000, 7_000] as [Int64] {
                let specification = specify(session: SessionID(milliseconds: milliseconds))
                try await first.makeSnapshot(specification)
                try await first.launch(specification)
            }
            let ids = await first.living().sorted()
            await first.detach()
            let machines = try ids.map { try #require(process($0)) }
            for machine in machines { machine.signal(SIGSTOP) }
            // The runtime directory is not where it was: only the command line tells whose QEMU that is.
            Files.remove(paths.session(ids[0]).pid)
            try await withHypervisor { second in
                #expect(await second.adopt().map(\.state) == [.silent, .silent])
                try await second.tearDown(MachineRef(ids[0], fence: 1))
                #expect(machines[0].isGone)
                machines[1].signal(SIGKILL)
                var end = await event(of: second)
                while case .trouble = end { end = await event(of: second) }
                guard case .ended(ids[1], fence: 1, .crashed, _) = end else {
                    Issue.record("the end was not reported")
                    return
                }
                #expect(await second.living() == [])
            }
        }
    }

    @Test func `a QEMU that is killed is reported as crashed`() async throws {
        try await withHypervisor { hypervisor in
            let specification = specify()
            try await hypervisor.makeSnapshot(specification)
            try await hypervisor.launch(specification)
            try await hypervisor.switchOn(specification.ref)
            try #require(process(specification.session)).signal(SIGKILL)
            guard case .ended(let id, fence: 1, .crashed, _) = await event(of: hypervisor) else {
                Issue.record("no crash was reported")
                return
            }
            #expect(id == specification.session)
            try await hypervisor.tearDown(MachineRef(id, fence: 1))
        }
    }

    @Test func `a machine that its accelerator can't run any more is crashed, with the way out`() async throws {
        try await withHypervisor { hypervisor in
            let files = paths.session(SessionID(milliseconds: 4_000))
            try Files.makeDirectory(files.run)
            let qemu = try StandInQEMU(at: files.qmp, runState: "internal-error")
            let stand = try Process.run(URL(filePath: "/usr/bin/sleep"), arguments: ["60"])
            defer { stand.terminate() }
            // It has its name a moment after it is there.
            var named = ProcessHandle(pid: stand.processIdentifier, mark: "sleep")
            while named == nil {
                await Task.yield()
                named = ProcessHandle(pid: stand.processIdentifier, mark: "sleep")
            }
            let process = try #require(named)
            await hypervisor.register(
                LiveMachine(
                    session: SessionID(milliseconds: 4_000), fence: 1, paths: files,
                    qmp: try await QMPClient.connect(
                        to: files.qmp, deadline: .seconds(5), logger: Logger(label: "test")),
                    process: process, poweredOff: Latch(), console: ConsoleLog(files)))
            qemu.say(#"{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 0}}"#)
            guard case .ended(_, fence: 1, .crashed, let detail) = await event(of: hypervisor) else {
                Issue.record("the end was not reported")
                return
            }
            #expect(detail.contains("worker.accelerator"))
        }
    }

    @Test func `a corrupt disk is refused with its name and what is wrong`() async throws {
        try await withHypervisor { hypervisor in
            let file = "\(root)/broken.qcow2"
            try Files.write("this is no disk", to: file)
            let machine = Machine(
                name: "broken.qcow2", description: "", path: file, kind: .disk, format: .qcow2,
                virtualSizeBytes: 1 << 20)
            let specification = specify(machine)
            try await hypervisor.makeSnapshot(specification)
            let error = await #expect(throws: MachineError.self) { try await hypervisor.launch(specification) }
            try await hypervisor.tearDown(MachineRef(specification.session, fence: 1))
            #expect(error?.code == .badImage, "\(String(describing: error))")
            #expect(error?.detail.contains(file) == true)
            #expect(error?.failureClass == .permanent)
        }
    }

    @Test func `a teardown of nothing is fine, and twice is once`() async throws {
        try await withHypervisor { hypervisor in
            try await hypervisor.tearDown(MachineRef(SessionID(milliseconds: 3_000), fence: .max))
            let specification = specify()
            try await hypervisor.makeSnapshot(specification)
            try await hypervisor.tearDown(MachineRef(specification.session, fence: 1))
            try await hypervisor.tearDown(MachineRef(specification.session, fence: 1))
        }
    }
}
