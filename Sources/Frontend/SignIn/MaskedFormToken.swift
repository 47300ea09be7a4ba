import Domain
import Secrets

/// What our forms send back, as it stands in a page that is compressed: another text in each answer.
///
/// The length of a compressed page tells whether a part of it is repeated. Who can make others load a page with a text of
/// their choice in it would find a token that stays the same, letter by letter (BREACH).
enum MaskedFormToken {
    /// A random mask and the token under it, as hexadecimal digits.
    static func mask(_ token: String) -> String {
        let token = Array(token.utf8)
        let mask = RandomBytes.make(token.count)
        return (mask + zip(token, mask).map { $0 ^ $1 }).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether a text is the token, as it is or masked.
    static func isEqual(_ text: String, to token: String) -> Bool {
        ConstantTime.isEqual(unmask(text, length: token.utf8.count) ?? text, token)
    }

    /// - Parameter length: Of the token, in bytes.
    private static func unmask(_ text: String, length: Int) -> String? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map { UInt8($0) } }
        guard digits.count == 4 * length, digits.count == text.utf8.count else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        return String(decoding: zip(bytes.prefix(length), bytes.suffix(length)).map { $0 ^ $1 }, as: UTF8.self)
    }
}
