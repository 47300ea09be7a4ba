@testable import Catalogue
import Domain
import Foundation
@testable import GraphicsCards
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// Which session gets which of a host's graphics cards, on a made-up sysfs. QEMU can't be tried: there is no such device.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct GraphicsCardTests {
    private let root = "/tmp/qwd-cards-\(UInt32.random(in: 0...UInt32.max))"
    private let kitchen: ImageKitchen
    private var sysfs: String { "\(root)/sys" }

    init() throws {
        kitchen = try ImageKitchen()
        for directory in ["bus/pci/devices", "bus/pci/drivers/vfio-pci", "kernel/iommu_groups"] {
            try Files.makeDirectory("\(sysfs)/\(directory)")
        }
        for (group, address) in ["0000:01:00.0", "0000:02:00.0"].enumerated() { try put(address, group: 9001 + group) }
    }

    private func put(_ address: String, group: Int) throws {
        let place = "\(sysfs)/devices/pci0000:00/\(address)"
        try Files.makeDirectory(place)
        for (name, text) in [("class", "0x030000\n"), ("vendor", "0x10de\n"), ("device", "0x1b80\n")] {
            try Files.write(text, to: "\(place)/\(name)")
        }
        try Files.makeDirectory("\(sysfs)/kernel/iommu_groups/\(group)")
        for (target, path) in [
            ("../../../kernel/iommu_groups/\(group)", "\(place)/iommu_group"),
            ("../../../bus/pci/drivers/vfio-pci", "\(place)/driver"),
            ("../../../devices/pci0000:00/\(address)", "\(sysfs)/bus/pci/devices/\(address)"),
        ] { try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target) }
    }

    private func hypervisor() -> QEMUHypervisor {
        var options = GuestNetwork.Options()
        options.isIsolated = false
        var cards = CardDiscovery()
        cards.sysfs = sysfs
        return makeHypervisor(HostPaths(runtime: "\(root)/r", state: "\(root)/s"), network: options, cards: cards)
    }

    private func specification(_ number: Int64, cards: Int = 1) throws -> MachineSpecification {
        var sectors = [UInt8](repeating: 0, count: 1 << 20)
        sectors.replaceSubrange(0..<2, with: [0xEB, 0xFE])
        sectors.replaceSubrange(510..<512, with: [0x55, 0xAA])
        let disk = try kitchen.write("disk.img", sectors)
        let session = SessionID(milliseconds: number)
        var specification = MachineSpecification(
            session: session, fence: 1, machine: try Machine(file: disk), cpu: 1, memoryMiB: 512, diskGiB: 1)
        specification.graphicsCards = cards
        return specification
    }

    private func card(of specification: MachineSpecification) -> String? {
        Files.read(HostPaths(runtime: "\(root)/r", state: "\(root)/s").session(specification.session).graphicsCards)
    }

    @Test func `each session has its own, until it is over`() async throws {
        defer { Files.remove(root) }
        let hypervisor = hypervisor()
        #expect(hypervisor.graphicsCards == 2)
        let sessions = [
            try specification(1), try specification(2), try specification(3), try specification(4, cards: 0),
        ]
        try await hypervisor.makeSnapshot(sessions[0])
        try await hypervisor.makeSnapshot(sessions[1])
        #expect(card(of: sessions[0]) == "0000:01:00.0\n" && card(of: sessions[1]) == "0000:02:00.0\n")
        let refused = await #expect(throws: MachineError.self) { try await hypervisor.makeSnapshot(sessions[2]) }
        #expect(refused?.code == .noSpace && refused?.detail.contains("qwd gpu list") == true)
        try await hypervisor.makeSnapshot(sessions[3])
        #expect(card(of: sessions[3]) == nil)
        // The same claim again keeps its own, and what is over is free.
        try await hypervisor.makeSnapshot(sessions[1])
        #expect(card(of: sessions[1]) == "0000:02:00.0\n")
        try await hypervisor.tearDown(sessions[0].ref)
        try await hypervisor.makeSnapshot(sessions[2])
        #expect(card(of: sessions[2]) == "0000:01:00.0\n")
    }

    @Test func `parts that a card's driver makes count as cards, and are given when no whole one is free`() async throws
    {
        defer { Files.remove(root) }
        let (part, parent) = ("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "0000:00:02.0")
        try put(parent, group: 9003)
        let place = "\(sysfs)/devices/pci0000:00/\(parent)"
        Files.remove("\(place)/driver")
        try Files.link("\(place)/driver", to: "../../../bus/pci/drivers/i915")
        for directory in ["mdev_supported_types/i915-GVTg_V5_4", part] {
            try Files.makeDirectory("\(place)/\(directory)")
        }
        try Files.makeDirectory("\(sysfs)/bus/mdev/devices")
        for (path, target) in [
            ("\(place)/\(part)/mdev_type", "../mdev_supported_types/i915-GVTg_V5_4"),
            ("\(place)/\(part)/iommu_group", "../../../../kernel/iommu_groups/9003"),
            ("\(sysfs)/bus/mdev/devices/\(part)", "../../../devices/pci0000:00/\(parent)/\(part)"),
        ] { try Files.link(path, to: target) }
        let hypervisor = hypervisor()
        // The card that makes it stays with its driver.
        #expect(hypervisor.graphicsCards == 3)
        let sessions = [try specification(1, cards: 2), try specification(2), try specification(3)]
        try await hypervisor.makeSnapshot(sessions[0])
        try await hypervisor.makeSnapshot(sessions[1])
        #expect(card(of: sessions[0]) == "0000:01:00.0\n0000:02:00.0\n" && card(of: sessions[1]) == "\(part)\n")
        let refused = await #expect(throws: MachineError.self) { try await hypervisor.makeSnapshot(sessions[2]) }
        #expect(refused?.code == .noSpace)
        // The part that goes to QEMU is this one, whose device is not here.
        let missing = await #expect(throws: MachineError.self) { try await hypervisor.launch(sessions[1]) }
        #expect(missing?.detail.contains("/dev/vfio/") == true, "\(missing?.detail ?? "")")
        try await hypervisor.tearDown(sessions[1].ref)
        try await hypervisor.makeSnapshot(sessions[2])
        #expect(card(of: sessions[2]) == "\(part)\n")
    }

    @Test func `a machine sees its card's devices and may lock its memory`() async throws {
        defer { Files.remove(root) }
        let hypervisor = hypervisor()
        var discovery = CardDiscovery()
        discovery.sysfs = sysfs
        let inventory = discovery.run()
        let cards = try [0, 1].map { try inventory.available[$0].attachment(slot: CardAttachment.firstSlot + $0) }
        let specification = try specification(1)
        var program = await hypervisor.machineProgram(
            specification, MachineShape(specification, accelerator: .tcg), account: Account(userID: 300_200))
        let before = program.arguments
        program.attach(cards, memoryMiB: 512)
        #expect(
            program.arguments == before + [
                "-device", "vfio-pci,host=0000:01:00.0,addr=10.0", "-device", "vfio-pci,host=0000:02:00.0,addr=11.0",
            ])
        #expect(
            program.sandbox?.devices.map(\.path) == ["/dev/vfio/9001", "/dev/vfio/9002", "/dev/vfio/vfio"])
        #expect(
            program.sandbox?.readOnly.map(\.path) == [
                "/sys/bus/pci/devices/0000:01:00.0", "/sys/bus/pci/devices/0000:02:00.0",
            ])
        #expect(program.lockedBytes == 1536 << 20)
    }

    @Test func `one that has gone is an error that says so, and nothing is started or left`() async throws {
        defer { Files.remove(root) }
        let hypervisor = hypervisor()
        let session = try specification(1)
        try await hypervisor.makeSnapshot(session)
        // vfio is not loaded here.
        var refused = await #expect(throws: MachineError.self) { try await hypervisor.launch(session) }
        #expect(refused?.detail.contains("/dev/vfio/") == true, "\(refused?.detail ?? "")")
        Files.remove("\(sysfs)/bus/pci/devices/0000:01:00.0")
        refused = await #expect(throws: MachineError.self) { try await hypervisor.launch(session) }
        #expect(refused?.detail.contains("No graphics card is at 0000:01:00.0") == true, "\(refused?.detail ?? "")")
        #expect(await hypervisor.living().isEmpty)
        try await hypervisor.tearDown(session.ref)
        #expect(card(of: session) == nil)
    }
}
