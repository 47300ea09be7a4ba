@testable import Catalogue
import Domain
import Foundation
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import QMP
import Testing
import Viewer

/// Each part of a machine in a real QEMU: the guest starts, or shows that it has it.
@Suite(
    .timeLimit(.minutes(10)), .serialized,
    .enabled(if: ["qemu-system-x86_64", "qemu-img", "bwrap"].allSatisfy { Programs.find($0) != nil }))
struct `A machine of other parts` {
    private struct QueryTPM: QMPCommand {
        struct Device: Decodable, Sendable { var id: String }
        typealias Reply = [Device]
        static let name = "query-tpm"
    }

    private static let session = SessionID(milliseconds: 1)

    /// Starts a machine, and does something while it runs.
    static func run(
        _ machine: Machine, memoryMiB: Int = 256,
        _ body: @Sendable @escaping (QEMUHypervisor, LiveMachine) async throws -> Void
    ) async throws {
        let root = "/tmp/qwd-parts-\(UInt32.random(in: 0...UInt32.max))"
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        var network = GuestNetwork.Options()
        network.isIsolated = false
        let hypervisor = makeHypervisor(paths, network: network)
        defer { Files.remove(root) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            await hypervisor.settle()
            let specification = MachineSpecification(
                session: Self.session, fence: 1, machine: machine, cpu: 1, memoryMiB: memoryMiB,
                diskGiB: 1)
            do {
                try await hypervisor.makeSnapshot(specification)
                try await hypervisor.launch(specification)
                try await hypervisor.switchOn(specification.ref)
                try await body(hypervisor, try await hypervisor.live(specification.ref))
                try await hypervisor.tearDown(specification.ref)
            } catch {
                try? await hypervisor.tearDown(specification.ref)
                throw error
            }
            group.cancelAll()
        }
    }

    /// GRUB's shell, and UEFI's, show what is typed; firmware that has found nothing to start does not.
    private static func typed(_ machine: LiveMachine, deadline: Duration) async throws {
        let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
        var picture = try await viewer.firstFrame(deadline: deadline)
        let end = ContinuousClock.now + deadline
        while !picture.hasEqualCharacters(8) {
            try #require(ContinuousClock.now < end, "nothing that is typed is shown")
            for _ in 0..<8 { try await viewer.press(0x6d) }
            picture = try await viewer.nextChange(deadline: deadline)
        }
        await viewer.close()
    }

    private static func disk(_ kitchen: ImageKitchen, _ change: (inout MachineHardware) -> Void) throws -> Machine {
        let path = try kitchen.write("disk.qcow2", try kitchen.convert("qcow2"))
        var machine = Machine(name: "disk.qcow2", path: path, image: try ImageKitchen.inspect(path))
        change(&machine.hardware)
        return machine
    }

    @Test(.enabled(if: access(ImageKitchen.disc, R_OK) == 0), arguments: MachineHardware.DiskBus.allCases)
    func `starts from its disk, however that is attached`(bus: MachineHardware.DiskBus) async throws {
        let kitchen = try ImageKitchen()
        let machine = try Self.disk(kitchen) { $0.diskBus = bus }
        let before = try kitchen.bytes(machine.path)
        try await Self.run(machine) { _, machine in try await Self.typed(machine, deadline: .seconds(60)) }
        #expect(try kitchen.bytes(machine.path) == before)
    }

    @Test(.enabled(if: access(ImageKitchen.disc, R_OK) == 0), arguments: MachineHardware.VideoCard.allCases)
    func `shows its picture by every card`(card: MachineHardware.VideoCard) async throws {
        // A BIOS has no text for it: a system that knows it draws there.
        if card == .ramfb { return }
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        let machine = try Self.disk(kitchen) { $0.video = card }
        try await Self.run(machine) { _, machine in try await Self.typed(machine, deadline: .seconds(60)) }
    }

    @Test(.enabled(if: access(ImageKitchen.disc, R_OK) == 0), arguments: MachineHardware.NetworkCard.allCases)
    func `starts with every network card, and without one`(card: MachineHardware.NetworkCard) async throws {
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        let machine = try Self.disk(kitchen) {
            $0.networkCard = card
            $0.sound = card == .virtio ? .hda : .ac97
            $0.input = card == .none ? .mouse : .tablet
            $0.clock = .localtime
        }
        try await Self.run(machine) { hypervisor, machine in
            try await hypervisor.connectNetwork(MachineRef(machine.session, fence: 1))
            #expect(Files.exists(machine.paths.network) == (card != .none))
            try await Self.typed(machine, deadline: .seconds(60))
        }
    }

    @Test(.enabled(if: access("/usr/share/OVMF/OVMF_CODE_4M.fd", R_OK) == 0, "ovmf isn't installed"))
    func `starts by UEFI, and keeps its settings for itself`() async throws {
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        var machine = try Self.disk(kitchen) { $0 = MachineHardware(firmware: .uefi) }
        // Its own shell, for the disk has a BIOS's loader alone.
        machine.ready = .serial("UEFI Interactive Shell")
        let variables = "/usr/share/OVMF/OVMF_VARS_4M.fd"
        let before = try Data(contentsOf: URL(filePath: variables))
        try await Self.run(machine) { hypervisor, machine in
            #expect(await hypervisor.events.first { _ in true } == .ready(machine.session, fence: 1, isTimed: true))
            let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
            #expect(try await viewer.firstFrame().width > 720)
            await viewer.close()
            #expect(try Data(contentsOf: URL(filePath: machine.paths.variables)).count == before.count)
        }
        #expect(try Data(contentsOf: URL(filePath: variables)) == before)
    }

    @Test(.enabled(if: access("/usr/share/OVMF/OVMF_CODE_4M.fd", R_OK) == 0, "ovmf isn't installed"))
    func `tells when its picture stands still, and not before it has one`() async throws {
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        var machine = try Self.disk(kitchen) { $0 = MachineHardware(firmware: .uefi) }
        machine.ready = .picture
        try await Self.run(machine) { hypervisor, machine in
            let start = ContinuousClock.now
            #expect(await hypervisor.events.first { _ in true } == .ready(machine.session, fence: 1, isTimed: true))
            #expect(ContinuousClock.now - start > .seconds(2))
        }
    }

    @Test(
        .enabled(if: access("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", R_OK) == 0, "ovmf isn't installed"),
        .enabled(if: Programs.find("swtpm") != nil, "swtpm isn't installed"))
    func `has secure boot, and a trusted platform module that ends with it`() async throws {
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        let machine = try Self.disk(kitchen) {
            $0 = MachineHardware(firmware: .secure)
            $0.tpm = true
        }
        try await Self.run(machine) { _, machine in
            #expect(try await machine.qmp.execute(QueryTPM()).map(\.id) == ["tpm"])
            let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
            _ = try await viewer.firstFrame(deadline: .seconds(120))
            await viewer.close()
            #expect(Files.names(in: machine.paths.tpm).contains { $0.hasPrefix("tpm2") })
            #expect(!ProcessHandle.all(mark: TrustedPlatformModule.mark(machine.session)).isEmpty)
        }
        #expect(ProcessHandle.all(mark: TrustedPlatformModule.mark(Self.session)).isEmpty)
    }

    @Test(
        .enabled(if: Programs.find("qemu-system-aarch64") != nil, "qemu-system-arm isn't installed"),
        .enabled(if: access("/usr/share/AAVMF/AAVMF_CODE.fd", R_OK) == 0, "qemu-efi-aarch64 isn't installed"))
    func `of another architecture shows its firmware's picture`() async throws {
        let kitchen = try ImageKitchen()
        defer { withExtendedLifetime(kitchen) {} }
        let machine = try Self.disk(kitchen) {
            $0 = MachineHardware(architecture: .arm64)
        }
        try await Self.run(machine, memoryMiB: 512) { _, machine in
            let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
            _ = try await viewer.firstFrame(deadline: .seconds(180))
            await viewer.close()
        }
    }

    @Test(.enabled(if: access(ImageKitchen.disc, R_OK) == 0))
    func `has a second disk and two more CDs beside its own`() async throws {
        let kitchen = try ImageKitchen()
        var machine = Machine(
            name: "grub.iso", path: ImageKitchen.disc, image: try ImageKitchen.inspect(ImageKitchen.disc))
        let data = try kitchen.write("data.qcow2", try kitchen.create("qcow2"))
        let before = try kitchen.bytes(data)
        machine.disk2 = .init(path: data, driver: .qcow2, virtualSizeBytes: 16 << 20)
        let cd = Machine.AttachedImage(path: ImageKitchen.disc, driver: .raw, virtualSizeBytes: 0)
        machine.cdroms = [cd, cd]
        try await Self.run(machine) { _, machine in try await Self.typed(machine, deadline: .seconds(60)) }
        #expect(try kitchen.bytes(data) == before)
    }

    @Test func `that has nothing to start from ends with advice`() async throws {
        let kitchen = try ImageKitchen()
        let path = try kitchen.write("empty.qcow2", try kitchen.create("qcow2"))
        let machine = Machine(name: "empty.qcow2", path: path, image: try ImageKitchen.inspect(path))
        try await Self.run(machine) { hypervisor, _ in
            let event = try #require(await hypervisor.events.first { if case .ended = $0 { true } else { false } })
            guard case .ended(_, 1, .failed, let detail) = event else {
                Issue.record("\(event)")
                return
            }
            #expect(detail.contains("nothing that this machine can start from") && detail.contains("machines.conf"))
        }
    }

    @Test(
        .enabled(if: access(ImageKitchen.disc, R_OK) == 0),
        arguments: [Readiness.seconds(1)])
    func `tells when its desktop is there`(ready: Readiness) async throws {
        var machine = Machine(
            name: "grub.iso", path: ImageKitchen.disc, image: try ImageKitchen.inspect(ImageKitchen.disc))
        machine.ready = ready
        try await Self.run(machine) { hypervisor, machine in
            let event = await hypervisor.events.first { _ in true }
            #expect(event == .ready(machine.session, fence: 1, isTimed: true))
        }
    }
}
