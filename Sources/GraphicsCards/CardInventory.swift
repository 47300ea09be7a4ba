/// What graphics there is on a host.
package struct CardInventory: Hashable, Sendable {
    package let cards: [GraphicsCard]
    /// Cards that make parts of themselves, each of which a guest can have.
    package let mediatedParents: [MediatedParent]
    package let mediatedDevices: [MediatedDevice]
    /// Names below `bus/pci/devices` of what could not be read: it went away meanwhile, or is no device.
    package let unreadable: [String]

    /// The cards that guests can have now: one of each IOMMU group, because all of a group go together.
    package var available: [GraphicsCard] {
        var groups: Set<Int> = []
        return cards.filter { card in card.isReady && card.group.map { groups.insert($0).inserted } ?? false }
    }

    /// - Throws: `.missing` if it is not there, with what is.
    package func card(at address: PCIAddress) throws(GraphicsCardsError) -> GraphicsCard {
        if let card = cards.first(where: { $0.address == address }) { return card }
        let others = cards.map { "\($0.address)" }.joined(separator: ", ")
        throw GraphicsCardsError(
            .missing,
            "No graphics card is at \(address)"
                + (others.isEmpty ? ", nor anywhere else on this host." : "; there are \(others).")
                + " If it was there before, it has failed, has been switched off or taken out: look at the kernel's"
                + " messages (dmesg) and at qwd gpu list, and choose another one.")
    }

    /// - Throws: `.missing` if it is not there.
    package func mediatedDevice(_ id: MediatedDevice.ID) throws(GraphicsCardsError) -> MediatedDevice {
        if let device = mediatedDevices.first(where: { $0.id == id }) { return device }
        throw GraphicsCardsError(
            .missing,
            "No mediated device \(id) is there. They do not outlive a restart of the host:"
                + " qwd gpu list shows those that are, and where more can be made.")
    }
}
