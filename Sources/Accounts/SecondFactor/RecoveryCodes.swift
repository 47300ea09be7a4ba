package import Domain
import Secrets

/// Codes that a person keeps on paper, each for one sign-in without the second factor.
package enum RecoveryCodes {
    package static let count = 10
    /// 32 of them, so five bits each; none that is mistaken for another on paper.
    private static let alphabet = Crockford32.alphabet
    private static let groups = 3
    private static let groupLength = 4

    /// Ten new ones of 60 bits, as `7kq2-m0xe-93bd`.
    package static func random() -> [Secret] {
        (0..<count).map { _ in
            let groups = (0..<groups).map { _ in
                String(decoding: RandomBytes.make(groupLength).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
            }
            return Secret(groups.joined(separator: "-"))
        }
    }

    /// What to store instead of a code, and to look for when one is typed: in any case, with or without hyphens, and
    /// with the letters people write for digits.
    package static func fingerprint(of typed: Secret) -> String {
        let plain = typed.revealed.lowercased().filter { $0 != "-" && !$0.isWhitespace }
            .map { character in
                switch character {
                case "o": "0"
                case "i", "l": "1"
                default: String(character)
                }
            }.joined()
        return Fingerprint.of(plain)
    }
}
