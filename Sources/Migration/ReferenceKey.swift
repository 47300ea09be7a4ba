/// A key of qemu-web-desktop's configuration, and what becomes of it.
package struct ReferenceKey: Sendable {
    package enum Fate: String, Sendable {
        /// It means the same here.
        case carried = "carried over"
        /// It has a counterpart that is not quite the same.
        case changed
        /// It has none.
        case dropped = "not carried over"
    }

    typealias Values = [(key: String, value: String)]

    package let name: String
    package let fate: Fate
    /// Keys of ours that it becomes.
    package let ours: [String]
    /// What is different, or why there is no counterpart, and the way out.
    package let note: String
    /// Keys of ours with their values as YAML. None where it sets nothing.
    let convert: @Sendable (PerlValue, ReferenceConfiguration) throws(Refusal) -> Values

    /// Why a value can't be carried over. It never holds the value, which may be a password.
    struct Refusal: Error {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// The row of this key in `docs/migration.md`.
    package var documentationRow: String {
        let keys = ours.isEmpty ? "-" : ours.map { "`\($0)`" }.joined(separator: ", ")
        return "| `\(name)` | \(fate.rawValue) | \(keys) | \(note) |"
    }

    /// All keys of all versions.
    package static let all: [ReferenceKey] = places + sessions + limits + displays + signIn + mail + pages + switches

    package static func named(_ name: String) -> ReferenceKey? { all.first { $0.name == name } }
}

/// What all files of the reference set together.
struct ReferenceConfiguration: Sendable {
    var values: [String: PerlValue] = [:]

    func isOn(_ key: String) -> Bool { values[key]?.isTrue ?? false }

    /// Nil for what is not set, or is no single text.
    func text(_ key: String) -> String? { values[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }
}

extension ReferenceKey {
    /// A key without a counterpart.
    static func dropped(_ name: String, _ note: String) -> ReferenceKey {
        ReferenceKey(name: name, fate: .dropped, ours: [], note: note) { _, _ in [] }
    }

    static func number(_ name: String, _ fate: Fate, _ ours: String, _ note: String) -> ReferenceKey {
        ReferenceKey(name: name, fate: fate, ours: [ours], note: note) { value, _ throws(Refusal) in
            [(ours, try number(value))]
        }
    }

    /// A text; an empty one sets nothing.
    static func text(_ name: String, _ fate: Fate, _ ours: String, _ note: String) -> ReferenceKey {
        ReferenceKey(name: name, fate: fate, ours: [ours], note: note) { value, _ throws(Refusal) in
            guard let text = value.text else { throw Refusal("it is a list") }
            return text.isEmpty ? [] : [(ours, text.yaml)]
        }
    }

    /// - Parameter write: How a member is written; nil for one that can't be.
    static func list(
        _ name: String, _ fate: Fate, _ ours: String, _ note: String, write: @escaping @Sendable (String) -> String?
    ) -> ReferenceKey {
        ReferenceKey(name: name, fate: fate, ours: [ours], note: note) { value, _ throws(Refusal) in
            var members: [String] = []
            for member in value.members {
                guard let text = write(member) else { throw Refusal("a member of its list is none of the kind") }
                if !members.contains(text) { members.append(text) }
            }
            return members.isEmpty ? [] : [(ours, "[\(members.joined(separator: ", "))]")]
        }
    }

    /// A number as YAML.
    static func number(_ value: PerlValue) throws(Refusal) -> String {
        guard let number = value.number, number.isFinite else { throw Refusal("it is no number") }
        return number.shortText
    }

    static func port(_ value: PerlValue) throws(Refusal) -> Int {
        guard let number = value.number, let port = Int(exactly: number), (0...65535).contains(port) else {
            throw Refusal("it is no port")
        }
        return port
    }

    /// A length of time as ours are written: in the largest unit without a rest.
    static func duration(seconds: Int) -> String {
        for (size, unit) in [(86400, "d"), (3600, "h"), (60, "m")] where seconds > 0 && seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return seconds == 0 ? "0" : "\(seconds)s"
    }
}

extension Double {
    var shortText: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}

extension String {
    /// A text of YAML on one line.
    var yaml: String {
        let escaped = unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
