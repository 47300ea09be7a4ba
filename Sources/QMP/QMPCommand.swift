/// A command of QEMU's machine protocol.
///
/// The value encodes as the command's `arguments`; a command without properties has none.
package protocol QMPCommand: Encodable, Sendable {
    associatedtype Reply: Decodable & Sendable
    /// The word on the wire, "query-status".
    static var name: String { get }
    /// Whether QEMU ends after it: the end of the connection then counts as the command's success.
    static var endsConnection: Bool { get }
}

extension QMPCommand {
    package static var endsConnection: Bool { false }
}

/// The reply of a command that answers nothing but "done".
package struct QMPEmpty: Decodable, Sendable, Hashable {
    package init() {}
}
