/// A short id that sorts by the time it was made: 16 characters of Crockford's base 32 in lower case.
///
/// The first 9 characters are the milliseconds since the epoch (45 bits, until the year 3084), the other 7 are random
/// (35 bits). It names a thing; it is no secret.
package struct Identifier: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    private static let alphabet = Crockford32.alphabet
    private static let length = 16
    private static let timeLength = 9

    /// Makes a new id.
    /// - Parameter milliseconds: Time since the epoch; only its order matters.
    package init(
        milliseconds: Int64, using generator: inout some RandomNumberGenerator
    ) {
        var characters: [UInt8] = []
        characters.reserveCapacity(Self.length)
        for place in (0..<Self.timeLength).reversed() {
            characters.append(Self.alphabet[Int((milliseconds >> (5 * Int64(place))) & 31)])
        }
        // One number for all: the system's generator is a call of the kernel.
        let random: UInt64 = generator.next()
        for place in 0..<(Self.length - Self.timeLength) {
            characters.append(Self.alphabet[Int((random >> (5 * UInt64(place))) & 31)])
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    package init(milliseconds: Int64) {
        var generator = SystemRandomNumberGenerator()
        self.init(milliseconds: milliseconds, using: &generator)
    }

    /// Takes an id that came from outside. Anything that is not exactly an id is refused, so an id is safe as a file name.
    package init?(_ text: some StringProtocol) { self.init(String(text)) }

    /// The same without a generic call, which lists of a thousand sessions would feel.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8.allSatisfy(Self.isOfAlphabet) else { return nil }
        self.text = text
    }

    private static func isOfAlphabet(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Identifier(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

package typealias SessionID = Identifier
package typealias JobID = Identifier
