import GraphicsCards

/// This host's graphics cards, as a command shows them.
struct GPUReport: Encodable {
    struct Card: Encodable {
        var address: String
        var name: String
        var driver: String?
        var group: Int?
        /// Whether a guest can have it now.
        var ready: Bool
        /// What keeps guests from it, each with the way out.
        var problems: [String]
        var warnings: [String]
        /// Kinds of mediated devices that its driver makes, and how many more.
        var makes: [String]
    }

    struct Mediated: Encodable {
        var id: String
        var kind: String
        var card: String
        var ready: Bool
        var problems: [String]
    }

    var cards: [Card]
    var mediated: [Mediated]

    init(_ inventory: CardInventory) {
        cards = inventory.cards.map { card in
            Card(
                address: "\(card.address)", name: card.name, driver: card.function.driver, group: card.group,
                ready: card.isReady, problems: card.problems, warnings: card.warnings.map { card.words(for: $0) },
                makes: inventory.mediatedParents.filter { $0.address == card.address }.flatMap(\.kinds).map { kind in
                    "\(kind.id), \(kind.available) more"
                })
        }
        mediated = inventory.mediatedDevices.map { device in
            Mediated(
                id: "\(device.id)", kind: device.kind, card: "\(device.parent)", ready: device.problems.isEmpty,
                problems: device.problems)
        }
    }

    func print() {
        if cards.isEmpty, mediated.isEmpty { return Console.say("There is no graphics card on this host.") }
        Table(
            headings: ["CARD", "NAME", "DRIVER", "GROUP", "GUESTS"],
            rows: cards.map { card in
                [
                    card.address, card.name, card.driver ?? "-", card.group.map { "\($0)" } ?? "-",
                    card.ready ? "yes" : "no",
                ]
            }
        ).print()
        for card in cards {
            for line in card.problems + card.warnings { Console.print("\(card.address): \(line)") }
            for kind in card.makes { Console.print("\(card.address): makes mediated devices: \(kind)") }
        }
        for device in mediated {
            let state = device.ready ? "ready" : device.problems.joined(separator: "; ")
            Console.print("\(device.id) (\(device.kind) of \(device.card)): \(state)")
        }
    }
}
