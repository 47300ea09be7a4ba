import Processes

/// What QEMU and its sandbox need so that a guest has a card.
package struct CardAttachment: Hashable, Sendable {
    /// For QEMU.
    package let arguments: [String]
    /// Devices that QEMU opens; its account must be able to write them.
    package let deviceNodes: [String]
    /// What QEMU reads of sysfs, to be mounted read-only under the same names.
    package let systemDirectories: [String]

    /// Where the guest sees the card: above what QEMU itself gives away, below what a PC's chipset has.
    package static let firstSlot = 0x10

    /// Looks whether the devices are there.
    ///
    /// To be asked right before a machine starts: QEMU itself would say only that a file is missing.
    /// - Parameter root: Before the names, for tests.
    /// - Throws: `.missing`, which names the device.
    package func checkNodes(root: String = "") throws(GraphicsCardsError) {
        guard let node = deviceNodes.first(where: { !Files.exists(root + $0) }) else { return }
        throw GraphicsCardsError(
            .missing,
            "\(node) is not there, so the card has gone or the kernel's vfio modules are not loaded: look at"
                + " qwd gpu list, and try modprobe vfio-pci.")
    }

    /// How much memory QEMU must be allowed to lock (RLIMIT_MEMLOCK), in MiB: all of the guest's, because the card may write to
    /// any of it, and 1 GiB for the memory of the card that is mapped besides.
    package static func lockedMiB(guestMiB: Int) -> Int { guestMiB + 1024 }

    init(functions: [(PCIFunction, slot: Int, function: Int, isFirstOfMany: Bool)], group: Int) {
        arguments = functions.flatMap { host, slot, function, isFirstOfMany in
            let place = "addr=\(Hexadecimal.text(slot, digits: 2)).\(function)"
            return [
                "-device",
                "vfio-pci,\(Self.host(host.address)),\(place)" + (isFirstOfMany ? ",multifunction=on" : ""),
            ]
        }
        deviceNodes = Self.nodes(group)
        systemDirectories = functions.map { "/sys/\(Sysfs.place(of: $0.0.address))" }
    }

    init(_ device: MediatedDevice, group: Int, slot: Int) {
        let place = "addr=\(Hexadecimal.text(slot, digits: 2)).0"
        arguments = ["-device", "vfio-pci,sysfsdev=/sys/bus/mdev/devices/\(device.id),\(place)"]
        deviceNodes = Self.nodes(group)
        // QEMU follows the link, and then the device's link to its bus.
        systemDirectories = ["/sys/bus/mdev", "/sys/\(device.directory)"]
    }

    private static func nodes(_ group: Int) -> [String] { ["/dev/vfio/vfio", "/dev/vfio/\(group)"] }

    /// QEMU's `host=` takes no domain above ffff (7.2 refuses it), `sysfsdev=` takes all.
    private static func host(_ address: PCIAddress) -> String {
        address.domain > 0xffff ? "sysfsdev=/sys/\(Sysfs.place(of: address))" : "host=\(address)"
    }
}
