import Crypto
package import Domain
import FoundationEssentials

extension ServiceSecret {
    /// What a text is sealed or marked for: a mark for one purpose is worth nothing for another.
    package enum Purpose: String, Sendable {
        /// A form that one of our pages sent.
        case form
        /// The secret of somebody's authenticator app.
        case totp
        /// A code that was mailed.
        case code
        /// A mail that waits in the queue.
        case mail
        /// What shows that hosts have the same secret.
        case farm
    }

    /// A mark that only this service can make of a text: HMAC-SHA256, base64url without padding, 43 characters.
    package func mark(_ text: String, for purpose: Purpose) -> String {
        var code = HMAC<SHA256>(key: key(for: purpose))
        code.update(data: Array(text.utf8))
        return Data(code.finalize()).base64URL
    }

    /// Whether a mark is that of the text. Takes the same time wherever the two differ.
    package func isMark(_ mark: String, of text: String, for purpose: Purpose) -> Bool {
        ConstantTime.isEqual(mark, self.mark(text, for: purpose))
    }

    /// Seals a text so that only this service can read it (AES-256-GCM). What stands beside it goes into the seal: it can't
    /// be taken to another place.
    package func seal(_ text: Secret, for purpose: Purpose, beside context: String) -> String {
        // Fails only for a nonce of the wrong length, and this one is made by the library.
        let box = try? AES.GCM.seal(
            Array(text.revealed.utf8), using: key(for: purpose), authenticating: Array(context.utf8))
        return box?.combined?.base64URL ?? ""
    }

    /// Opens a seal. Nil for one of another purpose, context or service, or a damaged one.
    package func unseal(_ sealed: String, for purpose: Purpose, beside context: String) -> Secret? {
        guard let data = Data(base64URL: sealed), let box = try? AES.GCM.SealedBox(combined: data),
            let plain = try? AES.GCM.open(box, using: key(for: purpose), authenticating: Array(context.utf8))
        else { return nil }
        return Secret(String(decoding: plain, as: UTF8.self))
    }

    private func key(for purpose: Purpose) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("qwd \(purpose.rawValue)".utf8), outputByteCount: 32)
    }
}
