import Processes
import Testing
@testable import GraphicsCards

struct AttachmentTests {
    private let host: MadeUpHost

    init() throws {
        host = try MadeUpHost()
    }

    private func card(_ address: String) throws -> GraphicsCard {
        try host.discovery().run().card(at: try #require(PCIAddress(address)))
    }

    @Test func `a card and its audio are two functions of one slot`() throws {
        try host.add("0000:00:01.0", "8086:1901", class: "060400", driver: "pcieport", group: 13)
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci")
        let attachment = try card("01:00.0").attachment()
        #expect(
            attachment.arguments == [
                "-device", "vfio-pci,host=0000:01:00.0,addr=10.0,multifunction=on",
                "-device", "vfio-pci,host=0000:01:00.1,addr=10.1",
            ])
        #expect(attachment.deviceNodes == ["/dev/vfio/vfio", "/dev/vfio/13"])
        #expect(
            attachment.systemDirectories == [
                "/sys/bus/pci/devices/0000:01:00.0", "/sys/bus/pci/devices/0000:01:00.1",
            ])
    }

    @Test func `a domain that host= does not take is named by its place in sysfs`() throws {
        try host.add("10000:01:00.0", "10de:20b0", class: "030200", driver: "vfio-pci", group: 40)
        #expect(
            try card("10000:01:00.0").attachment(slot: 5).arguments == [
                "-device", "vfio-pci,sysfsdev=/sys/bus/pci/devices/10000:01:00.0,addr=05.0",
            ])
    }

    @Test func `another device of the group has a slot of its own`() throws {
        try host.add("0000:02:00.0", "8086:1533", class: "020000", driver: "vfio-pci", group: 13)
        try host.addCard("0000:03:00", driver: "vfio-pci", audioDriver: "vfio-pci")
        #expect(
            try card("03:00.0").attachment().arguments == [
                "-device", "vfio-pci,host=0000:03:00.0,addr=10.0,multifunction=on",
                "-device", "vfio-pci,host=0000:03:00.1,addr=10.1",
                "-device", "vfio-pci,host=0000:02:00.0,addr=11.0",
            ])
    }

    @Test func `functions are counted from zero where the host's function 0 stays behind`() throws {
        try host.add("0000:02:00.0", "8086:1901", class: "060400", driver: "pcieport", group: 13)
        try host.add("0000:02:00.2", "10de:1b80", class: "030000", driver: "vfio-pci", group: 13)
        try host.add("0000:02:00.3", "10de:10f0", class: "040300", driver: "vfio-pci", group: 13)
        #expect(
            try card("02:00.2").attachment().arguments == [
                "-device", "vfio-pci,host=0000:02:00.2,addr=10.0,multifunction=on",
                "-device", "vfio-pci,host=0000:02:00.3,addr=10.1",
            ])
    }

    @Test func `audio that no driver has stays with the host`() throws {
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: nil)
        #expect(
            try card("01:00.0").attachment().arguments == ["-device", "vfio-pci,host=0000:01:00.0,addr=10.0"])
    }

    @Test func `a card that is not ready is refused with all reasons`() throws {
        try host.addCard("0000:01:00")
        let error = #expect(throws: GraphicsCardsError.self) { try card("01:00.0").attachment() }
        #expect(error?.code == .notReady)
        #expect(error?.detail.hasPrefix("No guest can have 0000:01:00.0 (10de:1b80): bound to nouveau") == true)
        #expect(error?.detail.contains("snd_hda_intel") == true)
    }

    @Test func `a device that is not there is named before a machine starts`() throws {
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci")
        let attachment = try card("01:00.0").attachment()
        try host.put("/dev/vfio/vfio", "")
        let error = #expect(throws: GraphicsCardsError.self) { try attachment.checkNodes(root: host.root) }
        #expect(error?.detail.hasPrefix("/dev/vfio/13 is not there") == true)
        try host.put("/dev/vfio/13", "")
        try attachment.checkNodes(root: host.root)
    }

    @Test func `all memory of the guest and a GiB besides may be locked`() {
        #expect(CardAttachment.lockedMiB(guestMiB: 4096) == 5120)
    }

    /// It gets as far as looking for the device, so it knows all options.
    @Test(.enabled(if: Files.exists("/usr/bin/qemu-system-x86_64")), .timeLimit(.minutes(1)), arguments: ["pc", "q35"])
    func `QEMU understands the arguments`(machine: String) async throws {
        try host.addCard("0000:fe:1f", driver: "vfio-pci", audioDriver: "vfio-pci")
        try host.add("10000:01:00.0", "10de:20b0", class: "030200", driver: "vfio-pci", group: 40)
        for address in ["0000:fe:1f.0", "10000:01:00.0"] {
            let words = ["-machine", machine, "-nodefaults", "-display", "none", "-S"]
            let program = Program(
                "qemu-system-x86_64", words + (try card(address).attachment().arguments), package: "qemu-system-x86")
            let result = try await ForegroundProcess.run(program, limit: .seconds(30))
            #expect(result.message.contains("\(address): no such host device"))
        }
    }
}
