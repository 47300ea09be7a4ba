/// A value as it stands in a file, a variable or a flag, before anything is known about its type.
package struct RawValue: Sendable {
    enum Content: Sendable {
        /// A scalar of YAML without quotes.
        case plain(String)
        /// A scalar of YAML in quotes, or a block of text.
        case quoted(String)
        /// The text of a variable or a flag: it has no types, and a list is separated by commas.
        case argument(String)
        case list([RawValue])
        /// A mapping of YAML, in its order.
        case section([(name: String, value: RawValue)])
        /// Nothing after the colon, `~` or `null`.
        case null
        /// A YAML tag such as `!!binary`: nothing gets a meaning from one.
        case tagged(String)
    }

    var content: Content
    /// In its file, counted from 1.
    var line: Int?

    /// The text of a scalar.
    var text: String? {
        switch content {
        case .plain(let text), .quoted(let text), .argument(let text): text
        case .list, .section, .null, .tagged: nil
        }
    }

    /// The members of a mapping, also of one that stands in braces in a variable or a flag; nil if this is none.
    var members: [(name: String, value: RawValue)]? {
        switch content {
        case .section(let members): members
        case .argument(let text) where text.hasPrefix("{"): RawValue(flow: text)?.members
        case .plain, .quoted, .argument, .list, .null, .tagged: nil
        }
    }

    /// Completes "found ...".
    /// - Parameter shown: How a text is shown, for one that could hold a password.
    func found(shown: (String) -> String = { $0 }) -> String {
        switch content {
        case .plain(let text), .argument(let text): shown(text).quotedForMessage
        case .quoted(let text): "the text \(shown(text).quotedForMessage) in quotes"
        case .list, .section, .null: kind
        case .tagged(let tag): "the tag \(tag.quotedForMessage)"
        }
    }

    /// What it is, without its text.
    var kind: String {
        switch content {
        case .plain, .quoted, .argument, .tagged: "a single value"
        case .list: "a list"
        case .section: "a section"
        case .null: "nothing"
        }
    }
}

/// Why a value is none.
struct ValueError: Sendable {
    /// Where in the file, if that is not the line of the key.
    var line: Int?
    var found: String
    var expected: String
    var advice: String?
}

/// All reasons why a value is none: a list can have several.
struct Mismatches: Error {
    var all: [ValueError]

    init(_ all: [ValueError]) { self.all = all }
    init(_ raw: RawValue, found: String? = nil, expected: String, advice: String? = nil) {
        all = [ValueError(line: raw.line, found: found ?? raw.found(), expected: expected, advice: advice)]
    }

    func expecting(_ expected: String) -> Mismatches {
        Mismatches(
            all.map { ValueError(line: $0.line, found: $0.found, expected: expected, advice: $0.advice) })
    }
}

extension String {
    /// In quotes, on one line, and not too long for a message.
    var quotedForMessage: String {
        let text = onOneLine
        return "\"" + (text.count > 100 ? text.prefix(100) + "..." : text) + "\""
    }

    /// With "?" for each control character.
    var onOneLine: String {
        String(map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : $0 })
    }

    var hasControlCharacter: Bool { onOneLine != self }
}
