import Testing
@testable import GraphicsCards

struct DiscoveryTests {
    private let host: MadeUpHost

    init() throws {
        host = try MadeUpHost()
    }

    private func card(_ address: String, blocked: [String] = []) throws -> GraphicsCard {
        let address = try #require(PCIAddress(address))
        return try host.discovery(try CardBlockList(blocked)).run().card(at: address)
    }

    @Test func `cards of every class and domain are found, and nothing else`() throws {
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci")
        try host.add("10000:01:00.0", "10de:20b0", class: "030200", driver: "vfio-pci", group: 40)
        try host.add("0000:03:00.0", "1002:6600", class: "038000", driver: "vfio-pci", group: 15)
        // A disk that is bound to vfio-pci is no card.
        try host.add("0000:04:00.0", "144d:a808", class: "010802", driver: "vfio-pci", group: 16)
        let inventory = host.discovery().run()
        #expect(inventory.cards.map(\.address.description) == ["0000:01:00.0", "0000:03:00.0", "10000:01:00.0"])
        #expect(inventory.cards.map(\.function.kind) == ["VGA controller", "display controller", "3D controller"])
        #expect(inventory.available == inventory.cards)
        let first = try card("01:00.0")
        #expect(first.function.identifier.description == "10de:1b80")
        #expect(first.group == 13)
        #expect(first.others.map(\.address.description) == ["0000:01:00.1"])
        #expect(first.others.map(\.driver) == ["vfio-pci"])
    }

    @Test func `a card has the name that pci.ids gives it, or its numbers`() throws {
        try host.addCard("0000:01:00")
        #expect(try card("01:00.0").name == "10de:1b80")
        let list =
            "# a\n10de  NVIDIA Corporation\n\t1b80  GP104 [GeForce GTX 1080]\n\t\t10de 1b80  Variant\n1b80  Wrong\n"
        try host.put("/usr/share/misc/pci.ids", list + "C 03  Display controller\n10de  Not a vendor\n")
        #expect(try card("01:00.0").name == "NVIDIA Corporation GP104 [GeForce GTX 1080]")
        try host.add("0000:02:00.0", "10de:ffff", class: "030000")
        #expect(try card("02:00.0").name == "NVIDIA Corporation 10de:ffff")
    }

    @Test func `without an IOMMU the way out is the parameter of this processor`() throws {
        try host.addCard("0000:01:00", group: nil)
        let card = try card("01:00.0")
        #expect(!card.isReady)
        #expect(card.blockers == [.noIOMMU(.intel), .notBound(driver: "nouveau")])
        #expect(card.problems[0].contains("start the kernel with intel_iommu=on"))
        #expect(card.problems[1] == "bound to nouveau, not to vfio-pci: qwd gpu bind 0000:01:00.0")
        #expect(card.others.map(\.address.description) == ["0000:01:00.1"])
        let other = try MadeUpHost(processor: "AuthenticAMD")
        try other.addCard("0000:01:00", group: nil)
        #expect(other.discovery().run().cards.first?.problems[0].contains("amd_iommu=on") == true)
    }

    @Test func `a bridge in its group does not count, a network card does`() throws {
        try host.add("0000:00:01.0", "8086:1901", class: "060400", driver: "pcieport", group: 1)
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci", group: 1)
        #expect(try card("01:00.0").isReady)
        #expect(try card("01:00.0").guestFunctions.map(\.address.description) == ["0000:01:00.0", "0000:01:00.1"])
        try host.add("0000:02:00.0", "8086:1533", class: "020000", driver: "igb", group: 1)
        let problems = try card("01:00.0").problems
        #expect(problems.count == 1)
        #expect(problems[0].contains("0000:02:00.0 (device of class 0x0200) of its group is bound to igb"))
        #expect(problems[0].contains("--force"))
    }

    @Test func `audio that another driver has keeps the card from guests`() throws {
        try host.addCard("0000:01:00", driver: "vfio-pci")
        #expect(
            try card("01:00.0").problems == [
                "0000:01:00.1 (audio) of its group is bound to snd_hda_intel: qwd gpu bind 0000:01:00.0"
            ])
    }

    @Test(arguments: ["0000:01:00.0", "01:00.0", "10de:1b80", "01:00.1", "10de:10f0"])
    func `an entry blocks the card that it names, also by its audio`(entry: String) throws {
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci")
        try host.add("0000:03:00.0", "1002:6600", class: "030000", driver: "vfio-pci", group: 15)
        let inventory = host.discovery(try CardBlockList([entry])).run()
        #expect(inventory.available.map(\.address.description) == ["0000:03:00.0"])
        let name = try CardBlockList([entry]).entries[0]
        #expect(inventory.cards[0].problems == ["blocked by the configuration: take \(name) out of gpu.block"])
    }

    @Test func `two entries block exactly two`() throws {
        for slot in 1...3 {
            try host.add("0000:0\(slot):00.0", "10de:1b80", class: "030000", driver: "vfio-pci", group: slot)
        }
        let inventory = host.discovery(try CardBlockList(["01:00.0", "03:00.0"])).run()
        #expect(inventory.available.map(\.address.description) == ["0000:02:00.0"])
    }

    @Test func `the screen of the host is a warning`() throws {
        try host.addCard("0000:01:00", driver: "vfio-pci", audioDriver: "vfio-pci", attributes: ["boot_vga": "1\n"])
        let card = try card("01:00.0")
        #expect(card.isReady)
        #expect(card.warnings == [.bootDisplay])
        #expect(card.words(for: .bootDisplay).contains("stays dark"))
    }

    @Test func `two cards of one group are offered as one`() throws {
        for bus in 1...2 {
            try host.add("0000:0\(bus):00.0", "10de:1b80", class: "030000", driver: "vfio-pci", group: 7)
        }
        let inventory = host.discovery().run()
        #expect(inventory.cards.count == 2)
        #expect(inventory.available.map(\.address.description) == ["0000:01:00.0"])
        #expect(inventory.cards[1].warnings == [.sharesGroup(inventory.cards[0].address)])
    }

    @Test func `memory node and connected outputs are read`() throws {
        try host.addCard(
            "0000:01:00",
            attributes: [
                "numa_node": "1\n", "drm/card0/card0-HDMI-A-1/status": "connected\n",
                "drm/card0/card0-DP-1/status": "disconnected\n", "drm/renderD128/dev": "226:128\n",
            ])
        try host.add("0000:02:00.0", "10de:1b80", class: "030000", attributes: ["numa_node": "-1\n"])
        #expect(try card("01:00.0").numaNode == 1)
        #expect(try card("01:00.0").connectedOutputs == ["HDMI-A-1"])
        #expect(try card("02:00.0").numaNode == nil)
    }

    @Test func `broken entries are left out and named, and the others are found`() throws {
        try host.addCard("0000:01:00")
        try host.link("/sys/bus/pci/devices/0000:02:00.0", "../../../devices/pci0000:00/gone")
        try host.add("0000:03:00.0", "10de:1b80", class: "nonsense")
        try host.add("0000:04:00.0", "10de:1b80", class: "030000", group: 4)
        try host.remove("/sys/devices/pci0000:00/0000:04:00.0/vendor")
        try host.put("/sys/bus/pci/devices/README", "")
        try host.add("0000:05:00.0", "10de:1b80", class: "030000", attributes: ["numa_node": "?", "boot_vga": ""])
        let inventory = host.discovery().run()
        #expect(inventory.cards.map(\.address.description) == ["0000:01:00.0", "0000:05:00.0"])
        #expect(inventory.unreadable == ["0000:02:00.0", "0000:03:00.0", "0000:04:00.0", "README"])
    }

    @Test func `a host without sysfs has no cards`() {
        var discovery = CardDiscovery()
        discovery.sysfs = "\(host.root)/nothing"
        #expect(discovery.run().cards.isEmpty)
        #expect(discovery.run().mediatedDevices.isEmpty)
    }

    @Test func `a card that has gone is named, with those that are there`() throws {
        try host.addCard("0000:01:00")
        let error = #expect(throws: GraphicsCardsError.self) { try card("05:00.0") }
        #expect(error?.code == .missing)
        #expect(error?.detail.hasPrefix("No graphics card is at 0000:05:00.0; there are 0000:01:00.0.") == true)
        #expect(error?.detail.contains("qwd gpu list") == true)
    }
}
