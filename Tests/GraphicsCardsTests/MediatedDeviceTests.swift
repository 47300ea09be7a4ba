import Testing
@testable import GraphicsCards

struct MediatedDeviceTests {
    private static let uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
    private let host: MadeUpHost

    /// An Intel card that makes two kinds of parts, and has made one.
    init() throws {
        host = try MadeUpHost()
        try host.add("0000:00:02.0", "8086:1912", class: "030000", driver: "i915", group: 2)
        let card = "/sys/devices/pci0000:00/0000:00:02.0"
        for (kind, available) in [("i915-GVTg_V5_4", "1\n"), ("i915-GVTg_V5_8", "0\n"), ("broken", "many\n")] {
            try host.put("\(card)/mdev_supported_types/\(kind)/available_instances", available)
            try host.put("\(card)/mdev_supported_types/\(kind)/name", "GVTg\n")
            try host.put("\(card)/mdev_supported_types/\(kind)/description", "low_gm_size: 128MB\nfence: 4\n")
            try host.put("\(card)/mdev_supported_types/\(kind)/device_api", "vfio-pci\n")
        }
        try host.put("\(card)/mdev_supported_types/other/available_instances", "3\n")
        try host.put("\(card)/mdev_supported_types/other/device_api", "vfio-ccw\n")
        try host.make("\(card)/\(Self.uuid)")
        try host.link("\(card)/\(Self.uuid)/mdev_type", "../mdev_supported_types/i915-GVTg_V5_4")
        try host.link("\(card)/\(Self.uuid)/iommu_group", "../../../../kernel/iommu_groups/21")
        try host.link("/sys/bus/mdev/devices/\(Self.uuid)", "../../../devices/pci0000:00/0000:00:02.0/\(Self.uuid)")
        try host.make("/sys/bus/mdev/devices/no-uuid")
    }

    @Test func `cards that make parts and the parts are found, as a kind of their own`() throws {
        let inventory = host.discovery().run()
        #expect(inventory.mediatedParents.map(\.address.description) == ["0000:00:02.0"])
        #expect(
            inventory.mediatedParents.first?.kinds == [
                .init(
                    id: "i915-GVTg_V5_4", name: "GVTg", description: "low_gm_size: 128MB\nfence: 4", available: 1),
                .init(
                    id: "i915-GVTg_V5_8", name: "GVTg", description: "low_gm_size: 128MB\nfence: 4", available: 0),
            ])
        let device = try #require(inventory.mediatedDevices.first)
        #expect(inventory.mediatedDevices.count == 1)
        #expect(device.id.description == Self.uuid)
        #expect(device.kind == "i915-GVTg_V5_4")
        #expect(device.parent.description == "0000:00:02.0")
        #expect(device.group == 21)
        // The card itself stays with its driver.
        #expect(inventory.available.isEmpty)
    }

    @Test func `a part goes to QEMU by its place in sysfs`() throws {
        let id = try #require(MediatedDevice.ID(Self.uuid.uppercased()))
        let attachment = try host.discovery().run().mediatedDevice(id).attachment()
        #expect(
            attachment.arguments == ["-device", "vfio-pci,sysfsdev=/sys/bus/mdev/devices/\(Self.uuid),addr=10.0"])
        #expect(attachment.deviceNodes == ["/dev/vfio/vfio", "/dev/vfio/21"])
        #expect(
            attachment.systemDirectories == [
                "/sys/bus/mdev", "/sys/devices/pci0000:00/0000:00:02.0/\(Self.uuid)",
            ])
    }

    @Test func `the parts of a blocked card are blocked`() throws {
        let inventory = host.discovery(try CardBlockList(["8086:1912"])).run()
        #expect(inventory.mediatedParents.isEmpty)
        let device = try #require(inventory.mediatedDevices.first)
        #expect(device.problems == ["blocked by the configuration: take 8086:1912 out of gpu.block"])
        #expect(throws: GraphicsCardsError.self) { try device.attachment() }
    }

    @Test func `a part that has gone is named`() throws {
        try host.remove("/sys/bus/mdev/devices/\(Self.uuid)")
        let id = try #require(MediatedDevice.ID(Self.uuid))
        let error = #expect(throws: GraphicsCardsError.self) { try host.discovery().run().mediatedDevice(id) }
        #expect(error?.code == .missing)
        #expect(error?.detail.hasPrefix("No mediated device \(Self.uuid) is there.") == true)
    }

    @Test(arguments: ["", "..", "83b8f4f2509f382f3c1ee6bfe0fa1001", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001,x"])
    func `what is no UUID is none`(text: String) {
        #expect(MediatedDevice.ID(text) == nil)
    }
}
