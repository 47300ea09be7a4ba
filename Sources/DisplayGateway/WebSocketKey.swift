import FoundationEssentials
import Secrets

/// The proof that both sides speak WebSocket (RFC 6455, section 4.2.2). It is no secret.
enum WebSocketKey {
    /// The answer to a client's key, or nil if that is none: base64 of 16 bytes.
    static func accept(_ key: String) -> String? {
        guard key.utf8.count == 24, Data(base64Encoded: key)?.count == 16 else { return nil }
        return Data(Digest.sha1.of(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))).base64EncodedString()
    }
}
