import FoundationEssentials

/// A command as it goes over the wire.
struct Request: Sendable {
    /// Of the command that ends the negotiation. Those of others are greater.
    static let capabilitiesID: UInt64 = 0

    let id: UInt64
    let command: String
    let endsConnection: Bool
    /// With the line end.
    let line: [UInt8]

    init<C: QMPCommand>(_ command: C, id: UInt64) throws(QMPError) {
        self.id = id
        self.command = C.name
        endsConnection = C.endsConnection
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            line = try encoder.encode(Line(arguments: command, execute: C.name, id: id)) + [UInt8(ascii: "\n")]
        } catch {
            throw QMPError(.malformed, "the arguments of \(C.name) can't be written as JSON", cause: error)
        }
    }

    private struct Line<Arguments: Encodable>: Encodable {
        let arguments: Arguments
        let execute: String
        let id: UInt64
    }
}

/// Leaves the negotiation; until then QEMU takes no other command.
struct Capabilities: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "qmp_capabilities"
}
