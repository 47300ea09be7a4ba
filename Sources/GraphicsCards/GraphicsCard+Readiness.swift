extension GraphicsCard {
    /// Why no guest can have it.
    package enum Blocker: Hashable, Sendable {
        case blocked(CardBlockList.Entry)
        case noIOMMU(Processor)
        case notBound(driver: String?)
        case groupMember(PCIFunction)
    }

    /// What is true of it that does not keep it from guests.
    package enum Warning: Hashable, Sendable {
        case bootDisplay
        /// Another card of its group, which goes to the same guest.
        case sharesGroup(PCIAddress)
    }

    package var isReady: Bool { blockers.isEmpty }

    /// What must change before a guest can have it, in the order in which it is best done.
    package var blockers: [Blocker] {
        var blockers: [Blocker] = []
        if let blocked { blockers.append(.blocked(blocked)) }
        if group == nil { blockers.append(.noIOMMU(processor)) }
        if !function.isForGuests { blockers.append(.notBound(driver: function.driver)) }
        // Without a group nobody knows yet what will be in it.
        if group != nil { blockers += others.filter { !$0.leavesGroupFree }.map(Blocker.groupMember) }
        return blockers
    }

    package var warnings: [Warning] {
        (isBootDisplay ? [.bootDisplay] : []) + others.filter(\.isGraphics).map { .sharesGroup($0.address) }
    }

    /// The blockers in words, each with the way out.
    package var problems: [String] { blockers.map { words(for: $0) } }

    package func words(for blocker: Blocker) -> String {
        switch blocker {
        case .blocked(let entry):
            return "blocked by the configuration: take \(entry) out of gpu.block"
        case .noIOMMU(let processor):
            return "it has no IOMMU group, so this host's IOMMU is off: \(processor.advice)"
        case .notBound(let driver):
            let now = driver.map { "bound to \($0)" } ?? "bound to no driver"
            return "\(now), not to \(PCIFunction.guestDriver): qwd gpu bind \(address)"
        case .groupMember(let member):
            let what = "\(member.address) (\(member.kind)) of its group is bound to \(member.driver ?? "no driver")"
            guard member.address.isSameDevice(as: address) else {
                return "\(what): qwd gpu bind \(address) --force takes that from this host as well,"
                    + " or put the card into another slot"
            }
            return "\(what): qwd gpu bind \(address)"
        }
    }

    package func words(for warning: Warning) -> String {
        switch warning {
        case .bootDisplay: "this host's own screen is there; it stays dark while a guest has the card"
        case .sharesGroup(let other): "\(other) is in the same IOMMU group: one guest gets both"
        }
    }
}
