/// Finds the graphics cards of a host. It reads only, and never fails: what can't be read is no card.
package struct CardDiscovery: Sendable {
    package var sysfs = "/sys"
    package var cpuinfo = "/proc/cpuinfo"
    /// From Debian's package pci.ids; it may be missing.
    package var names = "/usr/share/misc/pci.ids"
    package var blockList = CardBlockList.empty

    package init() {}

    package func run() -> CardInventory {
        let sysfs = Sysfs(root: sysfs)
        let (functions, unreadable) = Self.functions(sysfs)
        let graphics = functions.filter(\.isGraphics)
        // Most hosts have none, and count them with each heartbeat.
        if graphics.isEmpty {
            return CardInventory(cards: [], mediatedParents: [], mediatedDevices: [], unreadable: unreadable)
        }
        let names = PCINames(names, of: Set(graphics.map(\.identifier)))
        let processor = Processor(cpuinfo: cpuinfo)
        let mediated = MediatedDiscovery(sysfs, graphics, blockList)
        return CardInventory(
            cards: graphics.map { card($0, among: functions, names, processor, sysfs) },
            mediatedParents: mediated.parents, mediatedDevices: mediated.devices, unreadable: unreadable)
    }

    /// All PCI devices, and the names of what can't be read.
    static func functions(_ sysfs: Sysfs) -> ([PCIFunction], unreadable: [String]) {
        var functions: [PCIFunction] = []
        var unreadable: [String] = []
        for name in sysfs.names("bus/pci/devices") {
            if let address = PCIAddress(name), let function = PCIFunction(address, in: sysfs) {
                functions.append(function)
            } else {
                unreadable.append(name)
            }
        }
        return (functions.sorted { $0.address < $1.address }, unreadable)
    }

    private func card(
        _ function: PCIFunction, among functions: [PCIFunction], _ names: PCINames, _ processor: Processor,
        _ sysfs: Sysfs
    ) -> GraphicsCard {
        let others = functions.filter { other in
            guard other.address != function.address else { return false }
            guard let group = function.group else { return other.address.isSameDevice(as: function.address) }
            return other.group == group
        }
        let place = Sysfs.place(of: function.address)
        return GraphicsCard(
            function: function, others: others, name: names.name(of: function.identifier),
            // -1 where there is one node only.
            numaNode: sysfs.number("\(place)/numa_node").flatMap { $0 < 0 ? nil : $0 },
            isBootDisplay: sysfs.number("\(place)/boot_vga") == 1,
            connectedOutputs: Self.connectedOutputs(place, sysfs),
            blocked: blockList.entry(for: [function] + others.filter { !$0.isBridge }), processor: processor)
    }

    /// A driver makes `drm/card0` in its device, and `card0-HDMI-A-1` in that for each output.
    private static func connectedOutputs(_ place: String, _ sysfs: Sysfs) -> [String] {
        sysfs.names("\(place)/drm").filter { $0.hasPrefix("card") }.flatMap { card in
            sysfs.names("\(place)/drm/\(card)").filter { output in
                output.hasPrefix("\(card)-") && sysfs.text("\(place)/drm/\(card)/\(output)/status") == "connected"
            }.map { String($0.dropFirst(card.count + 1)) }
        }
    }
}
