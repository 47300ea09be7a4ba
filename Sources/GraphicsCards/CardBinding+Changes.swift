import FoundationEssentials
import Processes

extension CardBinding {
    struct Changes {
        var edits: [Edit]
        /// The files that other programs must read anew.
        var paths: Set<String>
        var record: BindRecord
        var interim: BindRecord
    }

    /// The files that change, and the programs that must run then.
    /// - Throws: `.changed` if a file is not what was left there.
    func fileChanges(
        from old: BindRecord?, to next: BindRecord, leaving: Set<String>
    ) throws(GraphicsCardsError) -> Changes {
        let configuration = BootConfiguration(record: next, tree: tree)
        let former = (old?.files ?? []).map(\.path)
        let present = configuration.paths
        var changes = Changes(edits: [], paths: [], record: next, interim: next)
        changes.interim.cards = next.cards + (old?.cards ?? []).filter { !next.cards.contains($0) }
        changes.record.files = []
        changes.interim.files = []
        for path in present + former.filter({ !present.contains($0) }) where !leaving.contains(path) {
            let known = old?.file(path)
            let current = try tree.content(path)
            try check(current, of: path, against: known)
            let before = known == nil ? current : known?.before
            let wanted = present.contains(path) ? try configuration.content(of: path, before: before) : before
            let left = wanted.map { [$0] } ?? []
            if wanted != before {
                changes.record.files.append(BindRecord.File(path: path, before: before, left: left))
            }
            if wanted != before || known != nil {
                let either = (known?.left ?? []).filter { $0 != wanted } + left
                changes.interim.files.append(BindRecord.File(path: path, before: before, left: either))
            }
            // Also where the file is right by now: the programs that read it may have been what was interrupted.
            if wanted != current || known.map({ $0.left != left }) ?? false { changes.paths.insert(path) }
            guard wanted != current else { continue }
            try checkDirectory(of: path)
            changes.edits.append(.file(FileEdit(path: path, before: current, after: wanted)))
        }
        changes.edits += configuration.commands(after: changes.paths)
        return changes
    }

    private func check(_ current: Data?, of path: String, against known: BindRecord.File?) throws(GraphicsCardsError) {
        guard let known else {
            guard current != nil, BootConfiguration.ours.contains(path) else { return }
            throw GraphicsCardsError(
                .changed,
                "\(path) is there, but \(recordPath) does not know it: it is left from an earlier bind, or written by hand."
                    + " Look at it, and remove it.")
        }
        // The same as before is fine as well: then somebody has done our work.
        if current == known.before || current.map(known.left.contains) ?? false { return }
        throw GraphicsCardsError(
            .changed,
            "\(path) is no longer what qwd gpu bind left, so nothing was done. Undo that change, or take out by hand what"
                + " bind wrote, and unbind with --leave \(path), which does not touch it.")
    }

    private func checkDirectory(of path: String) throws(GraphicsCardsError) {
        let directory = Files.directory(of: path)
        guard !Files.exists(tree.root + directory) else { return }
        throw GraphicsCardsError(
            .missing,
            "The directory \(directory) is not there. On Debian it comes with the packages kmod, systemd and udev.")
    }

    /// The steps that bind a card now. Without an IOMMU there are none: the driver would refuse.
    func liveBind(_ card: GraphicsCard) -> [Edit] {
        let functions = card.guestFunctions.filter { !$0.isForGuests }
        guard card.group != nil, !functions.isEmpty else { return [] }
        return [.command(["modprobe", PCIFunction.guestDriver])]
            + functions.flatMap { function -> [Edit] in
                let place = "/sys/\(Sysfs.place(of: function.address))"
                let address = "\(function.address)"
                let unbind = Edit.attribute(path: "\(place)/driver/unbind", value: address)
                return [.attribute(path: "\(place)/driver_override", value: PCIFunction.guestDriver)]
                    + (function.driver == nil ? [] : [unbind])
                    + [.attribute(path: "/sys/bus/pci/drivers_probe", value: address)]
            }
    }

    /// The steps that give a card back now, and what can't be given back.
    func liveUnbind(_ card: BindRecord.Card) -> (edits: [Edit], notes: [String]) {
        var edits: [Edit] = []
        var notes: [String] = []
        for function in card.functions {
            let place = Sysfs.place(of: function.address)
            guard let now = PCIFunction(function.address, in: sysfs) else {
                notes.append("\(function.address) is not there any more, so its driver is not changed.")
                continue
            }
            let override = function.override ?? "\n"
            if sysfs.text("\(place)/driver_override") == PCIFunction.guestDriver, override != PCIFunction.guestDriver {
                edits.append(.attribute(path: "/sys/\(place)/driver_override", value: override))
            }
            guard now.isForGuests || now.driver == nil, function.driver != PCIFunction.guestDriver else { continue }
            let address = "\(function.address)"
            if now.isForGuests {
                edits.append(.attribute(path: "/sys/bus/pci/drivers/\(PCIFunction.guestDriver)/unbind", value: address))
            }
            guard let driver = function.driver else { continue }
            // By its name where it is loaded, because vfio-pci may still know the kind of device and take it again.
            let isLoaded = sysfs.names("bus/pci/drivers").contains(driver)
            let path = isLoaded ? "/sys/bus/pci/drivers/\(driver)/bind" : "/sys/bus/pci/drivers_probe"
            edits.append(.attribute(path: path, value: address))
            if !isLoaded { notes.append("\(driver) is not loaded: \(address) has it from the next start on.") }
        }
        return (edits, notes)
    }
}
