import COpenSSL
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
        /// A boot script that waits for its machine.
        case script
        /// What shows that hosts have the same secret.
        case farm
    }

    /// A mark that only this service can make of a text: HMAC-SHA256, base64url without padding, 43 characters.
    package func mark(_ text: String, for purpose: Purpose) -> String {
        Data(Digest.sha256.hmac(Array(text.utf8), key: key(for: purpose))).base64URL
    }

    /// Whether a mark is that of the text. Takes the same time wherever the two differ.
    package func isMark(_ mark: String, of text: String, for purpose: Purpose) -> Bool {
        ConstantTime.isEqual(mark, self.mark(text, for: purpose))
    }

    /// Seals a text so that only this service can read it (AES-256-GCM): nonce, text and tag. What stands beside it goes into
    /// the seal: it can't be taken to another place.
    package func seal(_ text: Secret, for purpose: Purpose, beside context: String) -> String {
        let nonce = RandomBytes.make(Int(qwd_nonce_length))
        let (text, context) = (Array(text.revealed.utf8), Array(context.utf8))
        var sealed = [UInt8](repeating: 0, count: text.count)
        var tag = [UInt8](repeating: 0, count: Int(qwd_tag_length))
        guard
            qwd_aes_256_gcm_seal(
                key(for: purpose), nonce, context, Int32(context.count), text, Int32(text.count), &sealed, &tag) == 1
        else { return "" }
        return Data(nonce + sealed + tag).base64URL
    }

    /// Opens a seal. Nil for one of another purpose, context or service, or a damaged one.
    package func unseal(_ sealed: String, for purpose: Purpose, beside context: String) -> Secret? {
        let (before, after) = (Int(qwd_nonce_length), Int(qwd_tag_length))
        guard let data = Data(base64URL: sealed), data.count >= before + after else { return nil }
        let bytes = Array(data)
        let (text, context) = (Array(bytes.dropFirst(before).dropLast(after)), Array(context.utf8))
        var plain = [UInt8](repeating: 0, count: text.count)
        guard
            qwd_aes_256_gcm_open(
                key(for: purpose), Array(bytes.prefix(before)), context, Int32(context.count), text, Int32(text.count),
                Array(bytes.suffix(after)), &plain) == 1
        else { return nil }
        return Secret(String(decoding: plain, as: UTF8.self))
    }

    /// A key of its own for each purpose.
    private func key(for purpose: Purpose) -> [UInt8] {
        let info = "qwd \(purpose.rawValue)"
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            guard qwd_hkdf_sha256(key, key.count, info, info.utf8.count, buffer.baseAddress, 32) == 1 else {
                fatalError("OpenSSL derives no key")
            }
            count = 32
        }
    }
}
