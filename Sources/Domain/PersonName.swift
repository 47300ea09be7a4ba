import Foundation

/// The name of a person: of who signs in, whose sessions are whose, who administrates.
///
/// Every name that enters, from a form, a command line, the configuration or an authority's answer, is made by
/// ``init(_:)``: one spelling of several that Unicode calls the same (NFC, UAX 15), and nothing in it that can't be seen.
/// Names are compared by their bytes, as Redis and SQLite compare them, and never as Swift compares texts, for which
/// spellings that look the same are the same. Case matters: what an authority that ignores it answers is the name.
package struct PersonName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// The longest e-mail address (RFC 5321 4.5.3.1.3), in bytes.
    package static let longest = 254

    /// - Throws: `PersonNameError` that says what nobody's name can have in it.
    package init(_ text: String) throws(PersonNameError) {
        // Before it is normalised: that takes its time for a long text.
        guard text.utf8.count <= 4 * Self.longest else { throw .tooLong }
        let name = text.precomposedStringWithCanonicalMapping
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { throw .empty }
        guard name.utf8.count <= Self.longest else { throw .tooLong }
        // Some servers and programs drop it, and then one person would have two names.
        guard !first.properties.isWhitespace, !last.properties.isWhitespace else { throw .spaceAtItsEnds }
        guard !name.unicodeScalars.contains(where: \.isInvisible) else { throw .invisible }
        self.text = name
    }

    /// A name that Redis or the ledger has, as it stands there. One that was recorded in another spelling than names have
    /// now equals nobody's.
    package init(recorded text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func == (left: Self, right: Self) -> Bool { left.text.hasBytes(of: right.text) }

    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        // The end counts too, or the names of two values in a row could be cut in another place.
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }

    /// Whether an administrator has written it among these names, as it is.
    package func isAmong(_ names: [String]) -> Bool { names.contains { $0.hasBytes(of: text) } }

    /// Whether the other name may be the same person for somebody who does not mind case or the spelling of accents.
    package func resembles(_ other: PersonName) -> Bool { folded.hasBytes(of: other.folded) }

    private var folded: String {
        text.precomposedStringWithCanonicalMapping.lowercased().precomposedStringWithCanonicalMapping
    }
}

/// A name that stands in the source, such as that of nobody in particular.
extension PersonName: ExpressibleByStringLiteral {
    package init(stringLiteral text: StaticString) {
        self.init(recorded: text.description.precomposedStringWithCanonicalMapping)
    }
}

/// Why a text is nobody's name.
package enum PersonNameError: Error, Sendable, Hashable, CustomStringConvertible {
    case empty, tooLong, spaceAtItsEnds
    /// Control characters, and those without width or that turn the direction of the text around them.
    case invisible

    package var description: String {
        switch self {
        case .empty: "A name can't be empty."
        case .tooLong: "A name has at most \(PersonName.longest) bytes."
        case .spaceAtItsEnds: "A name has no space at either end."
        case .invisible: "A name has no control characters in it and none that can't be seen."
        }
    }
}

extension Unicode.Scalar {
    /// Whether it has no shape of its own: a control character, a separator of lines, or one that only changes how others
    /// are shown. What is not assigned yet may become such a one.
    package var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: properties.isDefaultIgnorableCodePoint
        }
    }
}

extension StringProtocol {
    /// Whether two texts are the same bytes. `==` calls texts the same that only look so.
    package func hasBytes(of other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}
