/// The devices that no guest ever gets, as the configuration names them.
package struct CardBlockList: Hashable, Sendable {
    package enum Entry: Hashable, Sendable, CustomStringConvertible {
        case address(PCIAddress)
        /// All devices of a kind.
        case identifier(PCIIdentifier)

        package var description: String {
            switch self {
            case .address(let address): "\(address)"
            case .identifier(let identifier): "\(identifier)"
            }
        }
    }

    package let entries: [Entry]

    package static let empty = CardBlockList()

    private init() { entries = [] }

    /// - Parameter texts: PCI addresses, with or without a domain, and `vendor:device`.
    /// - Throws: `.malformed`, which names the first entry that is neither. Leaving it out would give away what it should keep.
    package init(_ texts: [String]) throws(GraphicsCardsError) {
        var entries: [Entry] = []
        for text in texts {
            if let address = PCIAddress(text) {
                entries.append(.address(address))
            } else if let identifier = PCIIdentifier(text) {
                entries.append(.identifier(identifier))
            } else {
                throw GraphicsCardsError(
                    .malformed,
                    "gpu.block: \"\(text)\" is neither a PCI address (0000:01:00.0) nor vendor:device (10de:1b80)."
                        + " qwd gpu list shows both.")
            }
        }
        self.entries = entries
    }

    /// The first entry that speaks of one of these functions.
    func entry(for functions: [PCIFunction]) -> Entry? {
        entries.first { entry in
            functions.contains { function in
                switch entry {
                case .address(let address): function.address == address
                case .identifier(let identifier): function.identifier == identifier
                }
            }
        }
    }
}
