import Crypto
package import Domain
import FoundationEssentials

/// What a browser shows to be known again: 256 random bits, base64url without padding.
package enum LoginToken {
    package static func random() -> Secret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Secret(
            Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: ""))
    }

    /// What is stored in its place. SHA-256 is enough for 256 random bits.
    package static func fingerprint(of token: Secret) -> String { digest(token.revealed) }

    /// 64 hexadecimal digits that follow from a text.
    static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).map { byte in
            byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }.joined()
    }
}
