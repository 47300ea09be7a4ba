import Domain
import Glibc
import GraphicsCards
import Machines
import Processes

extension QEMUHypervisor {
    package nonisolated var graphicsCards: Int {
        let inventory = cards.run()
        return inventory.available.count + inventory.mediatedDevices.count { $0.problems.isEmpty }
    }

    /// Gives a session graphics cards that no other one has, and notes them in its run directory, with which they become free again.
    /// Nothing waits between the look and the note, so no card is given twice.
    func takeCards(_ specification: MachineSpecification) throws(MachineError) {
        guard specification.graphicsCards > 0 else { return }
        let taken = Set(
            Files.names(in: paths.sessions).compactMap { SessionID($0) }.flatMap { Self.cards(of: paths.session($0)) })
        let inventory = cards.run()
        let all =
            inventory.available.map { "\($0.address)" }
            + inventory.mediatedDevices.filter { $0.problems.isEmpty }.map { "\($0.id)" }
        let free = all.filter { !taken.contains($0) }
        guard free.count >= specification.graphicsCards else {
            throw MachineError(
                .noSpace,
                "Of this host's \(all.count) graphics cards \(free.count) are free, and the session was promised "
                    + "\(specification.graphicsCards): one has gone. Ask again; the administrator may look at qwd gpu list."
            )
        }
        let chosen = free.prefix(specification.graphicsCards).joined(separator: "\n") + "\n"
        let path = paths.session(specification.session).graphicsCards
        try MachineError.translating { () throws(ProcessError) in try Files.write(chosen, to: path) }
    }

    private static func cards(of session: SessionPaths) -> [String] {
        (Files.read(session.graphicsCards) ?? "").split(separator: "\n").map(String.init)
    }

    /// What QEMU needs for the cards of a session, looked up anew: one may have gone since.
    func attachments(_ session: SessionPaths) throws(MachineError) -> [CardAttachment] {
        let names = Self.cards(of: session)
        if names.isEmpty { return [] }
        let inventory = cards.run()
        var attachments: [CardAttachment] = []
        var slot = CardAttachment.firstSlot
        do throws(GraphicsCardsError) {
            for name in names {
                let attachment: CardAttachment
                if let id = MediatedDevice.ID(name) {
                    attachment = try inventory.mediatedDevice(id).attachment(slot: slot)
                } else if let address = PCIAddress(name) {
                    attachment = try inventory.card(at: address).attachment(slot: slot)
                } else {
                    continue
                }
                try attachment.checkNodes()
                attachments.append(attachment)
                // Two words for each function, which has a slot of its own at most.
                slot += attachment.arguments.count / 2
            }
        } catch {
            throw MachineError(.unsupported, error.detail)
        }
        return attachments
    }
}

extension Program {
    /// Lets a machine have graphics cards.
    mutating func attach(_ cards: [CardAttachment], memoryMiB: Int) {
        if cards.isEmpty { return }
        arguments += cards.flatMap(\.arguments)
        let nodes = Set(cards.flatMap(\.deviceNodes)).sorted()
        sandbox?.devices += nodes.map { Sandbox.Mount($0) }
        sandbox?.readOnly += Set(cards.flatMap(\.systemDirectories)).sorted().map { Sandbox.Mount($0) }
        lockedBytes = CardAttachment.lockedMiB(guestMiB: memoryMiB) << 20
        // The group to which udev gives the devices.
        account?.groups += nodes.compactMap { node in
            var status = stat()
            return stat(node, &status) == 0 && status.st_mode & 0o060 == 0o060 && status.st_gid != 0
                ? status.st_gid : nil
        }
    }
}
