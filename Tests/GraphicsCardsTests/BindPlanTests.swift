import Testing
@testable import GraphicsCards

struct BindPlanTests {
    private let host: MadeUpHost

    init() throws {
        host = try MadeUpHost()
    }

    private func plan(
        _ address: String = "0000:01:00.0", group: String = "qwd", force: Bool = false, bootParameters: Bool = true
    ) throws -> BindPlan {
        try host.binding().planBind(
            try #require(PCIAddress(address)), userGroup: group, force: force, bootParameters: bootParameters)
    }

    @Test func `each edit is shown before anything is changed`() throws {
        try host.addCard("0000:01:00")
        let before = try host.snapshot()
        #expect(
            try plan().lines == [
                "make /etc/modprobe.d/qwd-vfio.conf",
                "  + # Written by qwd gpu bind, and removed by qwd gpu unbind.",
                "  + options vfio-pci ids=10de:10f0,10de:1b80",
                "  + softdep nouveau pre: vfio-pci",
                "  + softdep snd_hda_intel pre: vfio-pci",
                "edit /etc/initramfs-tools/modules",
                "  + # Written by qwd gpu bind, and removed by qwd gpu unbind.",
                "  + vfio",
                "  + vfio_iommu_type1",
                "  + vfio_pci",
                "edit /etc/default/grub",
                "  - GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"",
                "  + GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash intel_iommu=on iommu=pt\"",
                "make /etc/udev/rules.d/70-qwd-vfio.rules",
                "  + # Written by qwd gpu bind, and removed by qwd gpu unbind.",
                "  + SUBSYSTEM==\"vfio\", GROUP=\"qwd\", MODE=\"0660\"",
                "run update-initramfs -u",
                "run update-grub",
                "run udevadm control --reload",
                "run udevadm trigger --subsystem-match=vfio --action=change",
                "run modprobe vfio-pci",
                "write vfio-pci to /sys/bus/pci/devices/0000:01:00.0/driver_override",
                "write 0000:01:00.0 to /sys/bus/pci/devices/0000:01:00.0/driver/unbind",
                "write 0000:01:00.0 to /sys/bus/pci/drivers_probe",
                "write vfio-pci to /sys/bus/pci/devices/0000:01:00.1/driver_override",
                "write 0000:01:00.1 to /sys/bus/pci/devices/0000:01:00.1/driver/unbind",
                "write 0000:01:00.1 to /sys/bus/pci/drivers_probe",
            ])
        #expect(try host.snapshot() == before)
    }

    @Test func `without an IOMMU only the next start is prepared`() throws {
        try host.addCard("0000:01:00", group: nil)
        let plan = try plan()
        #expect(!plan.lines.contains { $0.contains("/sys/") || $0.contains("modprobe vfio-pci") })
        #expect(plan.lines.contains("  + options vfio-pci ids=10de:10f0,10de:1b80"))
        #expect(plan.notes.first?.hasPrefix("Restart this host: it has no IOMMU yet") == true)
    }

    @Test func `an AMD processor gets its own parameter`() throws {
        let host = try MadeUpHost(processor: "AuthenticAMD")
        try host.addCard("0000:01:00")
        let plan = try host.binding().planBind(try #require(PCIAddress("01:00.0")), userGroup: "qwd")
        #expect(plan.lines.contains("  + GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash amd_iommu=on iommu=pt\""))
    }

    @Test func `without initramfs-tools and GRUB the modules are loaded later, and the parameters are told`() throws {
        try host.addCard("0000:01:00")
        try host.remove("/etc/initramfs-tools")
        try host.remove("/etc/default/grub")
        try host.make("/etc/modules-load.d")
        let plan = try plan()
        #expect(
            plan.fileEdits.map(\.path) == [
                "/etc/modprobe.d/qwd-vfio.conf", "/etc/modules-load.d/qwd-vfio.conf",
                "/etc/udev/rules.d/70-qwd-vfio.rules",
            ])
        #expect(!plan.lines.contains { $0.hasPrefix("run update-") })
        #expect(plan.notes.first?.contains("give the kernel intel_iommu=on iommu=pt") == true)
    }

    @Test func `boot parameters can be left alone`() throws {
        try host.addCard("0000:01:00")
        try host.put("/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"$(cat /etc/words)\"\n")
        #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(try !plan(bootParameters: false).fileEdits.map(\.path).contains("/etc/default/grub"))
    }

    @Test func `a file that makes the edit of GRUB vain is named`() throws {
        try host.addCard("0000:01:00")
        try host.put("/etc/default/grub.d/a.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT a\"\n")
        #expect(throws: Never.self) { try plan() }
        try host.put("/etc/default/grub.d/b.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"console=ttyS0\"\n")
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.detail.hasPrefix("/etc/default/grub.d/b.cfg sets GRUB_CMDLINE_LINUX_DEFAULT anew") == true)
    }

    @Test func `the screen of the host needs force`() throws {
        try host.addCard("0000:01:00", attributes: ["boot_vga": "1\n"])
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .needsForce)
        #expect(error?.detail.contains("this host's own screen") == true)
        #expect(try plan(force: true).notes == ["this host's own screen is there, and would stay dark"])
    }

    @Test func `a card with a monitor needs force`() throws {
        try host.addCard("0000:01:00", attributes: ["drm/card0/card0-DP-2/status": "connected\n"])
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .needsForce)
        #expect(error?.detail.contains("nouveau shows a picture there (DP-2)") == true)
        #expect(throws: Never.self) { try plan(force: true) }
    }

    @Test func `another device of its group needs force, a bridge is never touched`() throws {
        try host.addCard("0000:01:00")
        try host.add("0000:00:01.0", "8086:1901", class: "060400", driver: "pcieport", group: 13)
        #expect(try !plan().lines.contains { $0.contains("0000:00:01.0") || $0.contains("8086:1901") })
        try host.add("0000:00:17.0", "8086:a102", class: "010601", driver: "ahci", group: 13)
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .needsForce)
        #expect(error?.detail.contains("0000:00:17.0 (device of class 0x0106, bound to ahci)") == true)
        #expect(try plan(force: true).lines.contains("write 0000:00:17.0 to /sys/bus/pci/drivers_probe"))
    }

    @Test func `a second card of the same kind would be taken at the next start, so it needs force`() throws {
        try host.addCard("0000:01:00")
        try host.addCard("0000:02:00", audio: "10de:aaaa", group: 14)
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .needsForce)
        #expect(error?.detail.contains("0000:02:00.0 is of the same kind (10de:1b80)") == true)
        #expect(error?.detail.contains("0000:02:00.1") == false)
    }

    @Test func `another list of devices for vfio-pci needs force, because only one counts`() throws {
        try host.addCard("0000:01:00")
        try host.put("/etc/modprobe.d/a.conf", "options vfio-pci disable_vga=1\n# options vfio-pci ids=1:1\n")
        #expect(throws: Never.self) { try plan() }
        try host.put("/etc/modprobe.d/b.conf", "options  vfio_pci ids=8086:1533\n")
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .needsForce)
        #expect(error?.detail.contains("/etc/modprobe.d/b.conf gives vfio-pci a list of devices as well") == true)
    }

    @Test func `a blocked card is not bound, also by force`() throws {
        try host.addCard("0000:01:00")
        let binding = host.binding(try CardBlockList(["10de:1b80"]))
        let address = try #require(PCIAddress("01:00.0"))
        let error = #expect(throws: GraphicsCardsError.self) {
            try binding.planBind(address, userGroup: "qwd", force: true)
        }
        #expect(error?.code == .notReady)
        #expect(error?.detail == "0000:01:00.0: blocked by the configuration: take 10de:1b80 out of gpu.block.")
    }

    @Test func `a driver that is part of the kernel is told of`() throws {
        try host.addCard("0000:01:00")
        try host.remove("/sys/bus/pci/drivers/nouveau/module")
        let plan = try plan()
        #expect(!plan.lines.contains { $0.contains("softdep nouveau") })
        #expect(
            plan.notes == ["nouveau is a part of this host's kernel and may take 0000:01:00.0 first at each start."])
    }

    @Test(arguments: ["", "a b", "\"", "qwd\", RUN+=\"x", "-x", "a\nb", String(repeating: "a", count: 33)])
    func `what is no name of a group does not get into a rule`(group: String) throws {
        try host.addCard("0000:01:00")
        let error = #expect(throws: GraphicsCardsError.self) { try plan(group: group) }
        #expect(error?.code == .malformed)
    }

    @Test func `no card, no plan`() throws {
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .missing)
        #expect(error?.detail.contains("nor anywhere else on this host") == true)
    }

    @Test func `a file of ours that nobody knows of is not overwritten`() throws {
        try host.addCard("0000:01:00")
        try host.put("/etc/modprobe.d/qwd-vfio.conf", "options vfio-pci ids=1:1\n")
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .changed)
        #expect(error?.detail.hasPrefix("/etc/modprobe.d/qwd-vfio.conf is there, but") == true)
    }

    @Test func `a link is not replaced by a file`() throws {
        try host.addCard("0000:01:00")
        try host.remove("/etc/default/grub")
        try host.put("/etc/grub-real", "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n")
        try host.link("/etc/default/grub", "../grub-real")
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.code == .unsupported)
    }

    @Test func `a missing directory is told of before anything is done`() throws {
        try host.addCard("0000:01:00")
        try host.remove("/etc/udev")
        let error = #expect(throws: GraphicsCardsError.self) { try plan() }
        #expect(error?.detail.hasPrefix("The directory /etc/udev/rules.d is not there.") == true)
    }
}
