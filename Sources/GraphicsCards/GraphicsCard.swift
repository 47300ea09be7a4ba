/// A graphics card that a guest could have, and what goes with it.
package struct GraphicsCard: Hashable, Sendable {
    /// The function that makes it a graphics card.
    package let function: PCIFunction
    /// The other functions of its IOMMU group, with bridges; without an IOMMU those of the same device.
    package let others: [PCIFunction]
    /// From `pci.ids`, or the numbers.
    package let name: String
    /// The memory node that it is next to; nil where there is one only.
    package let numaNode: Int?
    /// Whether the firmware showed its first picture there.
    package let isBootDisplay: Bool
    /// Outputs to which a monitor is connected, while a driver of this host has the card: `HDMI-A-1`.
    package let connectedOutputs: [String]
    /// The entry of the block list that keeps it from guests.
    package let blocked: CardBlockList.Entry?
    let processor: Processor

    package var address: PCIAddress { function.address }
    package var group: Int? { function.group }

    /// All that goes to a guest with it: itself first.
    package var guestFunctions: [PCIFunction] { [function] + others.filter { !$0.isBridge } }

    /// A part of its group that belongs to something else on this host, such as a network card.
    var strangers: [PCIFunction] {
        others.filter { !$0.isBridge && !$0.address.isSameDevice(as: address) }
    }
}
