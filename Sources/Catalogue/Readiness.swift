import Domain

/// How it is noticed that a machine's desktop is there, and not only its picture.
package enum Readiness: Sendable, Hashable {
    /// A text on the serial console.
    case serial(String)
    /// The guest agent (qemu-guest-agent) has opened its port.
    case agent
    /// A graphics mode is set, and the picture has not changed for two seconds.
    case picture
    /// So many seconds after the start.
    case seconds(Int)

    /// As `machines.conf` has it; nil if it is none.
    package init?(written text: String) {
        let words = text.split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? words[1].trimmed : ""
        switch words.first?.lowercased() {
        case "serial" where !rest.isEmpty && rest.utf8.count <= 200: self = .serial(rest)
        case "agent" where rest.isEmpty: self = .agent
        case "picture" where rest.isEmpty: self = .picture
        case "seconds":
            guard let seconds = Int(rest), (1...3600).contains(seconds) else { return nil }
            self = .seconds(seconds)
        default: return nil
        }
    }

    package var written: String {
        switch self {
        case .serial(let text): "serial \(text)"
        case .agent: "agent"
        case .picture: "picture"
        case .seconds(let seconds): "seconds \(seconds)"
        }
    }
}
