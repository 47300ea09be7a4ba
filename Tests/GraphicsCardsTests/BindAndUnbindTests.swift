import Foundation
import Glibc
import Processes
import Testing
@testable import GraphicsCards

@Suite(.timeLimit(.minutes(1)))
struct BindAndUnbindTests {
    private let host: MadeUpHost
    private let first: PCIAddress
    private let second: PCIAddress

    init() throws {
        host = try MadeUpHost()
        first = try #require(PCIAddress("0000:01:00.0"))
        second = try #require(PCIAddress("10000:01:00.0"))
        try host.addCard("0000:01:00")
        try host.add("10000:01:00.0", "1002:73bf", class: "038000", driver: "nouveau", group: 40)
    }

    private func bind(_ address: PCIAddress) async throws {
        try await MadeUpKernel(host).apply(host.binding().planBind(address, userGroup: "qwd"))
    }

    private func unbind(_ address: PCIAddress, leaving: Set<String> = []) async throws {
        try await MadeUpKernel(host).apply(host.binding().planUnbind(address, leaving: leaving))
    }

    @Test func `a card is ready once it is bound, and the host is the same once it is given back`() async throws {
        chmod("\(host.root)/etc/default/grub", 0o640)
        if geteuid() == 0 { chown("\(host.root)/etc/default/grub", 1, 2) }
        let before = try host.snapshot()
        try await bind(first)
        #expect(try host.binding().bound() == [first])
        let card = try host.binding().inventory().card(at: first)
        #expect(card.isReady)
        #expect(card.others.map(\.driver) == ["vfio-pci"])
        #expect(host.text("/etc/default/grub")?.contains("splash intel_iommu=on iommu=pt\"") == true)
        let after = try host.snapshot()
        let rights = { (tree: [String: String]) in tree["etc/default/grub"]?.split(separator: " ").prefix(2) }
        #expect(rights(after) == rights(before))
        try await unbind(first)
        #expect(try host.snapshot() == before)
        #expect(try host.binding().bound().isEmpty)
        #expect(!Files.exists(host.record))
    }

    @Test func `what is written to sysfs and run is what was shown`() async throws {
        let kernel = MadeUpKernel(host)
        try await kernel.apply(host.binding().planBind(second, userGroup: "qwd"))
        #expect(
            kernel.done == [
                "update-initramfs -u", "update-grub", "udevadm control --reload",
                "udevadm trigger --subsystem-match=vfio --action=change", "modprobe vfio-pci",
                "vfio-pci > /sys/bus/pci/devices/10000:01:00.0/driver_override",
                "10000:01:00.0 > /sys/bus/pci/devices/10000:01:00.0/driver/unbind",
                "10000:01:00.0 > /sys/bus/pci/drivers_probe",
            ])
        let back = MadeUpKernel(host)
        try await back.apply(host.binding().planUnbind(second))
        #expect(
            back.done == [
                "update-initramfs -u", "update-grub", "udevadm control --reload",
                " > /sys/bus/pci/devices/10000:01:00.0/driver_override",
                "10000:01:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind",
                "10000:01:00.0 > /sys/bus/pci/drivers/nouveau/bind",
            ])
    }

    @Test(arguments: [true, false])
    func `two cards are given back in any order`(isFirstFirst: Bool) async throws {
        let before = try host.snapshot()
        try await bind(first)
        let withFirst = try host.snapshot()
        try await bind(second)
        #expect(
            host.text("/etc/modprobe.d/qwd-vfio.conf")?.contains("ids=1002:73bf,10de:10f0,10de:1b80\n") == true)
        #expect(try host.binding().bound() == [first, second])
        if isFirstFirst {
            try await unbind(first)
            #expect(host.text("/etc/modprobe.d/qwd-vfio.conf")?.contains("ids=1002:73bf\n") == true)
            #expect(host.driver(of: "10000:01:00.0") == "vfio-pci")
            try await unbind(second)
        } else {
            try await unbind(second)
            #expect(try host.snapshot() == withFirst)
            try await unbind(first)
        }
        #expect(try host.snapshot() == before)
    }

    @Test func `a file that was changed in between is refused, named, and nothing is done`() async throws {
        try await bind(first)
        let grub = try #require(host.text("/etc/default/grub"))
        try host.put("/etc/default/grub", grub + "GRUB_DISABLE_OS_PROBER=true\n")
        let before = try host.snapshot()
        let error = await #expect(throws: GraphicsCardsError.self) { try await unbind(first) }
        #expect(error?.code == .changed)
        #expect(error?.detail.hasPrefix("/etc/default/grub is no longer what qwd gpu bind left") == true)
        #expect(error?.detail.contains("--leave /etc/default/grub") == true)
        #expect(try host.snapshot() == before)
        #expect(throws: GraphicsCardsError.self) { try host.binding().planBind(second, userGroup: "qwd") }
        // The way out that the message names.
        try await unbind(first, leaving: ["/etc/default/grub"])
        #expect(host.text("/etc/default/grub") == grub + "GRUB_DISABLE_OS_PROBER=true\n")
        #expect(host.text("/etc/modprobe.d/qwd-vfio.conf") == nil)
        #expect(!Files.exists(host.record))
    }

    @Test func `a file that was removed in between is refused`() async throws {
        try await bind(first)
        try host.remove("/etc/initramfs-tools/modules")
        let error = await #expect(throws: GraphicsCardsError.self) { try await unbind(first) }
        #expect(error?.code == .changed)
    }

    @Test func `a file that changes between plan and edit is refused`() async throws {
        let plan = try host.binding().planBind(first, userGroup: "qwd")
        try host.put("/etc/default/grub", "GRUB_TIMEOUT=1\n")
        let before = try host.snapshot()
        let error = await #expect(throws: GraphicsCardsError.self) { try await MadeUpKernel(host).apply(plan) }
        #expect(error?.code == .changed)
        #expect(try host.snapshot() == before)
        #expect(!Files.exists(host.record))
    }

    @Test(arguments: [
        "update-initramfs", "update-grub", "udevadm control", "modprobe", "0000:01:00.0/driver_override",
        "0000:01:00.0/driver/unbind", "drivers_probe", "0000:01:00.1/driver/unbind",
    ])
    func `a binding that stopped in its middle is taken back`(step: String) async throws {
        let before = try host.snapshot()
        let plan = try host.binding().planBind(first, userGroup: "qwd")
        let error = await #expect(throws: GraphicsCardsError.self) {
            try await MadeUpKernel(host, failing: step).apply(plan)
        }
        #expect(error?.detail.hasPrefix("Stopped at \"") == true)
        #expect(error?.detail.contains(step) == true)
        #expect(error?.detail.contains("qwd gpu unbind 0000:01:00.0 takes it back") == true)
        try await unbind(first)
        #expect(try host.snapshot() == before)
    }

    @Test(arguments: [
        "update-initramfs", "update-grub", "udevadm control", "driver_override", "vfio-pci/unbind", "nouveau/bind",
        "snd_hda_intel/bind",
    ])
    func `an unbinding that stopped in its middle is gone on with`(step: String) async throws {
        let before = try host.snapshot()
        try await bind(first)
        let plan = try host.binding().planUnbind(first)
        await #expect(throws: GraphicsCardsError.self) { try await MadeUpKernel(host, failing: step).apply(plan) }
        #expect(try host.binding().bound() == [first])
        let kernel = MadeUpKernel(host)
        try await kernel.apply(host.binding().planUnbind(first))
        #expect(kernel.done.contains { $0.contains(step) })
        #expect(try host.snapshot() == before)
        #expect(!Files.exists(host.record))
    }

    @Test func `a second binding that stopped leaves the first one as it was`() async throws {
        try await bind(first)
        let before = try host.snapshot()
        let plan = try host.binding().planBind(second, userGroup: "qwd")
        await #expect(throws: GraphicsCardsError.self) {
            try await MadeUpKernel(host, failing: "update-initramfs").apply(plan)
        }
        try await unbind(second)
        #expect(try host.snapshot() == before)
    }

    @Test func `a second binding that was killed before its first edit is taken back`() async throws {
        try await bind(first)
        let before = try host.snapshot()
        let plan = try host.binding().planBind(second, userGroup: "others")
        #expect(plan.fileEdits.count == 2)
        try plan.interim.write(host.record)
        try await unbind(second)
        #expect(host.text("/etc/modprobe.d/qwd-vfio.conf")?.contains("ids=10de:10f0,10de:1b80\n") == true)
        #expect(try host.snapshot()["etc/modprobe.d/qwd-vfio.conf"] == before["etc/modprobe.d/qwd-vfio.conf"])
    }

    @Test func `a card in use is not taken from its guest`() async throws {
        try await bind(first)
        try host.link("/proc/4711/fd/30", "/dev/vfio/13")
        let error = #expect(throws: GraphicsCardsError.self) { try host.binding().planUnbind(first) }
        #expect(error?.code == .inUse)
        #expect(error?.detail.contains("process 4711 has /dev/vfio/13 open") == true)
        try host.remove("/proc/4711")
        #expect(throws: Never.self) { try host.binding().planUnbind(first) }
    }

    @Test func `what was bound to vfio-pci before stays so`() async throws {
        let third = try #require(PCIAddress("0000:05:00.0"))
        try host.add("0000:05:00.0", "10de:1111", class: "030000", driver: "vfio-pci", group: 5)
        let before = try host.snapshot()
        let plan = try host.binding().planBind(third, userGroup: "qwd")
        #expect(!plan.lines.contains { $0.contains("/sys/") })
        try await MadeUpKernel(host).apply(plan)
        try await unbind(third)
        #expect(try host.snapshot() == before)
        #expect(host.driver(of: "0000:05:00.0") == "vfio-pci")
    }

    @Test func `a card that has gone is given back as far as its files go`() async throws {
        try await bind(second)
        try host.remove("/sys/bus/pci/devices/10000:01:00.0")
        let plan = try host.binding().planUnbind(second)
        #expect(plan.notes.first == "10000:01:00.0 is not there any more, so its driver is not changed.")
        try await MadeUpKernel(host).apply(plan)
        #expect(host.text("/etc/modprobe.d/qwd-vfio.conf") == nil)
    }

    @Test func `the same card is not bound twice, and another not given back`() async throws {
        try await bind(first)
        #expect(throws: GraphicsCardsError.self) { try host.binding().planBind(first, userGroup: "qwd") }
        let error = #expect(throws: GraphicsCardsError.self) { try host.binding().planUnbind(second) }
        #expect(error?.code == .notBound)
    }

    @Test(arguments: [
        "", "{}", "{\"version\": 2, \"userGroup\": \"a\", \"editsBootParameters\": true, \"cards\": [], \"files\": []}",
    ])
    func `a record that can't be understood is named`(text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: host.record))
        let error = #expect(throws: GraphicsCardsError.self) { try host.binding().planUnbind(first) }
        #expect(error?.code == .malformed)
        #expect(error?.detail.hasPrefix(host.record) == true)
    }

    @Test func `sysfs is written as a whole, and what is not there is told`() async throws {
        try HostTree(root: host.root).write("0000:01:00.0", toAttribute: "/sys/bus/pci/drivers_probe")
        #expect(host.text("/sys/bus/pci/drivers_probe") == "0000:01:00.0")
        #expect(throws: GraphicsCardsError.self) {
            try HostTree(root: host.root).write("x", toAttribute: "/sys/bus/pci/nothing")
        }
        #expect(!Files.exists("\(host.root)/sys/bus/pci/nothing"))
    }
}
