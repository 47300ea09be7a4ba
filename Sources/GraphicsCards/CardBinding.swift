import Processes

/// Gives graphics cards of this host to guests, and takes them back: for the administrator.
///
/// A plan is made from what files say and changes nothing; only `apply` does.
package struct CardBinding: Sendable {
    let tree: HostTree
    let recordPath: String
    let blockList: CardBlockList

    /// - Parameters:
    ///   - root: Before `/etc`, `/proc` and `/sys`; empty for this host.
    ///   - record: The file in which is kept what was changed. Its directory must be there, and only root's.
    package init(root: String = "", record: String, blockList: CardBlockList = .empty) {
        tree = HostTree(root: root)
        recordPath = record
        self.blockList = blockList
    }

    var sysfs: Sysfs { Sysfs(root: "\(tree.root)/sys") }

    package func inventory() -> CardInventory {
        var discovery = CardDiscovery()
        discovery.sysfs = sysfs.root
        discovery.cpuinfo = "\(tree.root)/proc/cpuinfo"
        discovery.names = "\(tree.root)/usr/share/misc/pci.ids"
        discovery.blockList = blockList
        return discovery.run()
    }

    /// The cards that are bound.
    package func bound() throws(GraphicsCardsError) -> [PCIAddress] {
        try BindRecord.read(recordPath)?.addresses ?? []
    }

    /// What it takes to bind a card, now and at each start of this host.
    /// - Parameters:
    ///   - userGroup: The group of this host that may use the devices.
    ///   - force: Whether it may take away what this host uses itself.
    ///   - bootParameters: Whether the kernel's command line is edited.
    package func planBind(
        _ address: PCIAddress, userGroup: String, force: Bool = false, bootParameters: Bool = true
    ) throws(GraphicsCardsError) -> BindPlan {
        let old = try BindRecord.read(recordPath)
        let card = try inventory().card(at: address)
        let group = try Self.checkedGroup(userGroup)
        if let blocked = card.blocked {
            throw GraphicsCardsError(.notReady, "\(address): \(card.words(for: .blocked(blocked))).")
        }
        if old?.addresses.contains(address) == true {
            throw GraphicsCardsError(
                .alreadyBound, "\(address) is bound already. To begin again: qwd gpu unbind \(address).")
        }
        var next = old ?? BindRecord(userGroup: group, editsBootParameters: bootParameters)
        next.userGroup = group
        next.editsBootParameters = next.editsBootParameters || bootParameters
        next.cards.append(BindRecord.Card(address: address, functions: card.guestFunctions.map(record)))
        let dangers = dangers(card, bound: next)
        guard force || dangers.isEmpty else {
            throw GraphicsCardsError(
                .needsForce,
                "\(address) (\(card.name)): \(dangers.joined(separator: "; ")). If that is meant: --force.")
        }
        let changes = try fileChanges(from: old, to: next, leaving: [])
        var edits = changes.edits
        if changes.paths.contains(BootConfiguration.rules) {
            // For the devices of cards that are bound already.
            edits.append(.command(["udevadm", "trigger", "--subsystem-match=vfio", "--action=change"]))
        }
        return BindPlan(
            address: address, edits: edits + liveBind(card),
            notes: BootConfiguration(record: next, tree: tree).notes + notes(card, bound: next) + dangers,
            record: changes.record, interim: changes.interim)
    }

    /// What it takes to give a card back, so that nothing is left of its binding.
    /// - Parameter leaving: Files that somebody has changed since and that stay as they are.
    /// - Throws: `.changed` if there are others; `.inUse` while a guest has the card; `.notBound`.
    package func planUnbind(
        _ address: PCIAddress, leaving: Set<String> = []
    ) throws(GraphicsCardsError) -> BindPlan {
        guard let old = try BindRecord.read(recordPath), let card = old.cards.first(where: { $0.address == address })
        else {
            throw GraphicsCardsError(
                .notBound,
                "\(address) was not bound by qwd gpu bind, as far as \(recordPath) says: nothing to take back.")
        }
        try checkUnused(card)
        var next = old
        next.cards.removeAll { $0.address == address }
        let changes = try fileChanges(from: old, to: next, leaving: leaving)
        let (live, gone) = liveUnbind(card)
        var notes = gone
        if changes.paths.contains(GrubDefaults.path) {
            notes.append("The kernel keeps its parameters until this host is restarted.")
        }
        return BindPlan(
            address: address, edits: changes.edits + live, notes: notes, record: changes.record,
            interim: changes.interim)
    }

    private func record(_ function: PCIFunction) -> BindRecord.Function {
        let place = Sysfs.place(of: function.address)
        let override = sysfs.text("\(place)/driver_override")
        // A driver that is part of the kernel has no module, and what has strange letters is none of Linux's.
        let module = sysfs.link("\(place)/driver/module").flatMap { $0.utf8.allSatisfy(Self.isPlain) ? $0 : nil }
        return BindRecord.Function(
            address: function.address, identifier: function.identifier, driver: function.driver,
            module: function.isForGuests ? nil : module,
            // The kernel's word for none.
            override: override == "(null)" || override == "" ? nil : override)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// The name stands in a rule of udev, where quotation marks would begin something else.
    private static func checkedGroup(_ name: String) throws(GraphicsCardsError) -> String {
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy(isPlain), !name.hasPrefix("-") else {
            throw GraphicsCardsError(
                .malformed, "\"\(name)\" is no name of a group: letters, digits, - and _, at most 32 (getent group).")
        }
        return name
    }
}
