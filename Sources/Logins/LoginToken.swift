package import Domain
import FoundationEssentials
import Secrets

/// What a browser shows to be known again: 256 random bits, base64url without padding.
package enum LoginToken {
    package static func random() -> Secret {
        Secret(Data(RandomBytes.make(32)).base64URL)
    }

    /// What is stored in its place.
    package static func fingerprint(of token: Secret) -> String { Fingerprint.of(token.revealed) }
}
