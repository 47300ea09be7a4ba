import CZlib

/// Compression of files that never change and hold nothing of anybody's. Pages are sent as they are: they have a secret
/// beside what a visitor typed, and the length of both together would give it away, letter by letter (BREACH).
enum Gzip {
    /// The file in gzip's format (RFC 1952), or nil where that is no gain.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let room = Int(compressBound(uLong(bytes.count))) + 18
        let packed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = qwd_gzip(bytes, bytes.count, buffer.baseAddress, room)
        }
        return packed.isEmpty || packed.count >= bytes.count ? nil : packed
    }
}
