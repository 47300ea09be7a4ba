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
        return Hexadecimal.text(mask + zip(token, mask).map { $0 ^ $1 })
    }

    /// Whether a text is the token, as it is or masked.
    static func isEqual(_ text: String, to token: String) -> Bool {
        ConstantTime.isEqual(unmask(text, length: token.utf8.count) ?? text, token)
    }

    /// - Parameter length: Of the token, in bytes.
    private static func unmask(_ text: String, length: Int) -> String? {
        guard let bytes = Hexadecimal.bytes(text), bytes.count == 2 * length else { return nil }
        return String(decoding: zip(bytes.prefix(length), bytes.suffix(length)).map { $0 ^ $1 }, as: UTF8.self)
    }
}
