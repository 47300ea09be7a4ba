import Domain

/// What is stored in place of a secret, or of a name that a stranger typed.
package enum Fingerprint {
    /// The SHA-256 of a text, as 64 hexadecimal digits. Of secrets with 60 random bits and more, which nobody can try one by
    /// one, that is enough.
    package static func of(_ text: String) -> String {
        Hexadecimal.text(Digest.sha256.of(Array(text.utf8)))
    }
}
