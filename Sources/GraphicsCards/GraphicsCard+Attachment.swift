extension GraphicsCard {
    /// What a machine needs to have this card.
    ///
    /// Functions of one device are functions of one device in the guest as well, with the same numbers: drivers look for a card's
    /// audio beside it. What is in the group besides follows in slots of its own.
    /// - Parameter slot: The first slot on the guest's first bus.
    /// - Throws: `.notReady` with all reasons; `.unsupported` if the group has more devices than there are slots.
    package func attachment(
        slot first: Int = CardAttachment.firstSlot
    ) throws(GraphicsCardsError) -> CardAttachment {
        guard isReady, let group else {
            throw GraphicsCardsError(
                .notReady, "No guest can have \(address) (\(name)): \(problems.joined(separator: "; ")).")
        }
        // What no driver has is not kept from guests, but can't be opened either.
        var rest = guestFunctions.filter(\.isForGuests)
        var places: [(PCIFunction, slot: Int, function: Int, isFirstOfMany: Bool)] = []
        var slot = first
        while let next = rest.first {
            let device = rest.filter { $0.address.isSameDevice(as: next.address) }.sorted { $0.address < $1.address }
            rest.removeAll { $0.address.isSameDevice(as: next.address) }
            // A device without function 0 does not exist for a guest, so others are counted from 0 then.
            let hasFirst = device.first?.address.function == 0
            for (index, function) in device.enumerated() {
                places.append(
                    (
                        function, slot, hasFirst ? Int(function.address.function) : index,
                        index == 0 && device.count > 1
                    ))
            }
            slot += 1
        }
        // A bus has 32 slots, and the last one is the chipset's on q35.
        guard first >= 0, slot <= 31 else {
            throw GraphicsCardsError(
                .unsupported,
                "The IOMMU group of \(address) has more devices than a guest has slots: put the card into another slot"
                    + " of this host.")
        }
        return CardAttachment(functions: places, group: group)
    }
}

extension MediatedDevice {
    /// What a machine needs to have this part of a card.
    /// - Throws: `.notReady` with all reasons.
    package func attachment(
        slot: Int = CardAttachment.firstSlot
    ) throws(GraphicsCardsError) -> CardAttachment {
        guard problems.isEmpty, let group else {
            throw GraphicsCardsError(
                .notReady, "No guest can have the mediated device \(id): \(problems.joined(separator: "; ")).")
        }
        return CardAttachment(self, group: group, slot: slot)
    }
}
