import Foundation
import Glibc
@testable import GraphicsCards

/// Files as a host has them, in a directory of their own: `/etc`, `/proc` and a `/sys` with its links.
final class MadeUpHost: Sendable {
    let root: String
    /// Outside the root, so that a comparison of trees leaves it out.
    let record: String
    private let directory: String

    init(processor: String = "GenuineIntel") throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "qwd-gpu-\(UUID().uuidString)").path
        root = "\(directory)/root"
        record = "\(directory)/gpu.json"
        try put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: \(processor)\nmodel name\t: Some\n")
        try put(
            "/etc/default/grub",
            "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\nGRUB_CMDLINE_LINUX=\"\"\n")
        try put("/etc/initramfs-tools/modules", "# One module a line.\n")
        for path in ["/etc/modprobe.d", "/etc/udev/rules.d", "/sys/bus/pci/devices"] { try make(path) }
        try put("/sys/bus/pci/drivers_probe", "")
        for driver in ["vfio-pci", "nouveau", "snd_hda_intel", "ahci", "pcieport"] { try add(driver: driver) }
    }

    deinit {
        // What is left of it is in the temporary directory.
        try? FileManager.default.removeItem(atPath: directory)
    }

    func binding(_ blockList: CardBlockList = .empty) -> CardBinding {
        CardBinding(root: root, record: record, blockList: blockList)
    }

    func discovery(_ blockList: CardBlockList = .empty) -> CardDiscovery {
        var discovery = CardDiscovery()
        discovery.sysfs = "\(root)/sys"
        discovery.cpuinfo = "\(root)/proc/cpuinfo"
        discovery.names = "\(root)/usr/share/misc/pci.ids"
        discovery.blockList = blockList
        return discovery
    }

    func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true)
    }

    func put(_ path: String, _ text: String) throws { try put(path, bytes: Data(text.utf8)) }

    func put(_ path: String, bytes: Data) throws {
        try make(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        try bytes.write(to: URL(filePath: root + path))
    }

    func link(_ path: String, _ target: String) throws {
        try make(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        try FileManager.default.createSymbolicLink(atPath: root + path, withDestinationPath: target)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root + path) }

    func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }

    func driver(of address: String) -> String? {
        let link = "\(root)/sys/bus/pci/devices/\(address)/driver"
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: link))?.split(separator: "/").last.map(
            String.init)
    }

    func add(driver: String) throws {
        try put("/sys/bus/pci/drivers/\(driver)/bind", "")
        try put("/sys/bus/pci/drivers/\(driver)/unbind", "")
        try make("/sys/module/\(driver)")
        try link("/sys/bus/pci/drivers/\(driver)/module", "../../../../module/\(driver)")
    }

    /// A function of a PCI device, with the links that the kernel makes.
    func add(
        _ address: String, _ identifier: String, class code: String, driver: String? = nil, group: Int? = nil,
        attributes: [String: String] = [:]
    ) throws {
        let place = "/sys/devices/pci\(address.prefix { $0 != ":" }):00/\(address)"
        let numbers = identifier.split(separator: ":")
        try put("\(place)/vendor", "0x\(numbers[0])\n")
        try put("\(place)/device", "0x\(numbers[1])\n")
        try put("\(place)/class", "0x\(code)\n")
        try put("\(place)/driver_override", "(null)\n")
        for (name, text) in attributes { try put("\(place)/\(name)", text) }
        try link("/sys/bus/pci/devices/\(address)", "../../../devices/pci\(address.prefix { $0 != ":" }):00/\(address)")
        if let driver { try link("\(place)/driver", "../../../bus/pci/drivers/\(driver)") }
        if let group {
            try link("\(place)/iommu_group", "../../../kernel/iommu_groups/\(group)")
            try link(
                "/sys/kernel/iommu_groups/\(group)/devices/\(address)",
                "../../../../devices/pci\(address.prefix { $0 != ":" }):00/\(address)")
        }
    }

    /// A card with its audio function, as most have it.
    func addCard(
        _ device: String, _ identifier: String = "10de:1b80", audio: String = "10de:10f0", driver: String? = "nouveau",
        audioDriver: String? = "snd_hda_intel", group: Int? = 13, attributes: [String: String] = [:]
    ) throws {
        try add("\(device).0", identifier, class: "030000", driver: driver, group: group, attributes: attributes)
        try add("\(device).1", audio, class: "040300", driver: audioDriver, group: group)
    }

    /// Each file, link and directory with its rights, its owner and its content.
    func snapshot() throws -> [String: String] {
        var entries: [String: String] = [:]
        let names = FileManager.default.enumerator(atPath: root)
        while let name = names?.nextObject() as? String {
            let path = "\(root)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            let content =
                switch status.st_mode & S_IFMT {
                case S_IFLNK: try FileManager.default.destinationOfSymbolicLink(atPath: path)
                case S_IFREG: try Data(contentsOf: URL(filePath: path)).base64EncodedString()
                default: ""
                }
            entries[name] = "\(String(status.st_mode, radix: 8)) \(status.st_uid):\(status.st_gid) \(content)"
        }
        return entries
    }
}
