import FoundationEssentials

/// A card whose driver makes parts of it.
package struct MediatedParent: Hashable, Sendable {
    /// A kind of part that it can make.
    package struct Kind: Hashable, Sendable {
        /// Such as `i915-GVTg_V5_4`.
        package let id: String
        package let name: String?
        package let description: String?
        /// How many more can be made now.
        package let available: Int
    }

    package let address: PCIAddress
    package let kinds: [Kind]
}

/// A part of a card that was made for guests. It has an IOMMU group of its own, whatever the group of the card.
package struct MediatedDevice: Hashable, Sendable {
    /// A UUID, as the kernel writes it.
    package struct ID: Hashable, Sendable, CustomStringConvertible {
        private let uuid: UUID

        package init?(_ text: String) {
            guard text.utf8.count == 36, let uuid = UUID(uuidString: text) else { return nil }
            self.uuid = uuid
        }

        package var description: String { uuid.uuidString.lowercased() }
    }

    package let id: ID
    /// The id of its kind.
    package let kind: String
    package let parent: PCIAddress
    package let group: Int?
    /// The entry of the block list that keeps its card from guests.
    package let blocked: CardBlockList.Entry?
    /// Below sysfs, without links.
    let directory: String

    /// Why no guest can have it, with the way out.
    package var problems: [String] {
        var problems = blocked.map { ["blocked by the configuration: take \($0) out of gpu.block"] } ?? []
        if group == nil { problems.append("it has no IOMMU group: load the module vfio_mdev (modprobe vfio_mdev)") }
        return problems
    }
}

/// Reads `mdev_supported_types` and `bus/mdev` (Linux, vfio-mediated-device.rst).
struct MediatedDiscovery {
    private(set) var parents: [MediatedParent] = []
    private(set) var devices: [MediatedDevice] = []

    init(_ sysfs: Sysfs, _ graphics: [PCIFunction], _ blockList: CardBlockList) {
        for function in graphics where blockList.entry(for: [function]) == nil {
            let place = "\(Sysfs.place(of: function.address))/mdev_supported_types"
            let kinds = sysfs.names(place).compactMap { Self.kind($0, "\(place)/\($0)", sysfs) }
            if !kinds.isEmpty { parents.append(MediatedParent(address: function.address, kinds: kinds)) }
        }
        for name in sysfs.names("bus/mdev/devices") {
            let place = "bus/mdev/devices/\(name)"
            // Other drivers than those of graphics cards make such devices as well.
            guard
                let id = MediatedDevice.ID(name), let directory = sysfs.real(place),
                let kind = sysfs.link("\(place)/mdev_type"),
                let parent = directory.split(separator: "/").dropLast().last.flatMap({ PCIAddress(String($0)) }),
                let card = graphics.first(where: { $0.address == parent })
            else { continue }
            devices.append(
                MediatedDevice(
                    id: id, kind: kind, parent: parent,
                    group: sysfs.link("\(place)/iommu_group").flatMap { Int($0) },
                    blocked: blockList.entry(for: [card]), directory: directory))
        }
    }

    private static func kind(_ id: String, _ place: String, _ sysfs: Sysfs) -> MediatedParent.Kind? {
        // Kinds for other buses are no use to QEMU's vfio-pci.
        guard
            sysfs.text("\(place)/device_api") ?? PCIFunction.guestDriver == PCIFunction.guestDriver,
            let available = sysfs.number("\(place)/available_instances")
        else { return nil }
        return MediatedParent.Kind(
            id: id, name: sysfs.text("\(place)/name"), description: sysfs.text("\(place)/description"),
            available: available)
    }
}
