import Processes

extension CardBinding {
    /// What this host would lose, in words.
    func dangers(_ card: GraphicsCard, bound record: BindRecord) -> [String] {
        var dangers: [String] = []
        if card.isBootDisplay { dangers.append("this host's own screen is there, and would stay dark") }
        if let driver = card.function.driver, !card.function.isForGuests, !card.connectedOutputs.isEmpty {
            let outputs = card.connectedOutputs.joined(separator: ", ")
            dangers.append("\(driver) shows a picture there (\(outputs))")
        }
        for stranger in card.strangers where stranger.driver != nil && !stranger.isForGuests {
            let driver = stranger.driver ?? "no driver"
            dangers.append(
                "\(stranger.address) (\(stranger.kind), bound to \(driver)) is in its IOMMU group and is taken from this host"
                    + " as well")
        }
        return dangers + twins(bound: record) + rivals()
    }

    /// Other files that tell vfio-pci what to take. modprobe gives it one list, the last one.
    private func rivals() -> [String] {
        Files.names(in: "\(tree.root)/etc/modprobe.d").sorted().compactMap { name in
            let path = "/etc/modprobe.d/\(name)"
            guard name.hasSuffix(".conf"), path != BootConfiguration.modprobe else { return nil }
            let lines = (Files.read(tree.root + path) ?? "").split(whereSeparator: \.isNewline)
            let isRival = lines.contains { line in
                let words = line.split(whereSeparator: \.isWhitespace)
                return words.first == "options" && ["vfio-pci", "vfio_pci"].contains(words.dropFirst().first)
                    && words.contains { $0.hasPrefix("ids=") }
            }
            return isRival ? "\(path) gives vfio-pci a list of devices as well, and only one of both lists counts" : nil
        }
    }

    /// vfio-pci is told vendor and device, so at the next start it takes all that are alike.
    private func twins(bound record: BindRecord) -> [String] {
        let taken = Set(record.functions.map(\.address))
        let identifiers = Set(record.functions.map(\.identifier))
        return CardDiscovery.functions(sysfs).0.filter { function in
            identifiers.contains(function.identifier) && !taken.contains(function.address) && !function.isForGuests
        }.map { "\($0.address) is of the same kind (\($0.identifier)) and is taken from this host at its next start" }
    }

    /// What a person should know or do besides.
    func notes(_ card: GraphicsCard, bound record: BindRecord) -> [String] {
        var notes: [String] = []
        if card.group == nil {
            notes.append(
                "Restart this host: it has no IOMMU yet, without which nothing can be bound. If qwd gpu list still says so"
                    + " then, \(card.processor.advice).")
        }
        for function in record.cards.last?.functions ?? [] {
            guard let driver = function.driver, driver != PCIFunction.guestDriver, function.module == nil else {
                continue
            }
            notes.append(
                "\(driver) is a part of this host's kernel and may take \(function.address) first at each start.")
        }
        return notes
    }

    /// The kernel waits for who uses a device before it lets go, for ever if need be.
    func checkUnused(_ card: BindRecord.Card) throws(GraphicsCardsError) {
        let groups = Set(
            card.functions.compactMap { function -> String? in
                guard let now = PCIFunction(function.address, in: sysfs), now.isForGuests else { return nil }
                return now.group.map { "/dev/vfio/\($0)" }
            })
        guard !groups.isEmpty else { return }
        for process in Files.names(in: "\(tree.root)/proc").compactMap({ Int($0) }).sorted() {
            let place = "\(tree.root)/proc/\(process)/fd"
            for name in Files.names(in: place) {
                guard let target = Files.target(of: "\(place)/\(name)"), groups.contains(target) else { continue }
                throw GraphicsCardsError(
                    .inUse,
                    "\(card.address) is in use: process \(process) has \(target) open. Stop its session first (qwd list)."
                )
            }
        }
    }
}
