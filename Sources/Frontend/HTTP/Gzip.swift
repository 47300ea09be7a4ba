import CZlib
import HTTPTypes
import Hummingbird

/// Compression of files that never change and hold nothing of anybody's, and of the manage page.
///
/// Pages are sent as they are in general: they have a secret beside what a visitor typed, as the link to a desktop, and the
/// length of both together would give it away, letter by letter (BREACH). The manage page may be most of a megabyte and
/// has one secret, the mark of its forms, which is masked there: another text in each answer. Event streams are never
/// compressed.
enum Gzip {
    /// What is smaller fits into a packet or two anyhow.
    static let least = 1024

    /// The file in gzip's format (RFC 1952), or nil where that is no gain.
    /// - Parameter level: From 1, the fastest, to 9, the smallest.
    static func compress(_ bytes: [UInt8], level: Int32 = 9) -> [UInt8]? {
        let room = Int(compressBound(uLong(bytes.count))) + 18
        let packed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = qwd_gzip(bytes, bytes.count, buffer.baseAddress, room, level)
        }
        return packed.isEmpty || packed.count >= bytes.count ? nil : packed
    }
}

extension Request {
    /// Whether the client takes answers in gzip's format.
    var acceptsGzip: Bool {
        headers[values: .acceptEncoding].joined(separator: ",").lowercased().split(separator: ",").contains {
            let parts = $0.filter { $0 != " " && $0 != "\t" }.split(separator: ";")
            return parts.first == "gzip"
                && !parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains { "123456789".contains($0) } }
        }
    }
}

extension Response {
    /// A page that has no secret but a masked one, compressed for who takes that.
    static func packedHTML(_ page: String, for request: Request) -> Response {
        var response = Response.html(page)
        response.headers[.vary] = "Accept-Encoding"
        let bytes = Array(page.utf8)
        guard bytes.count >= Gzip.least, request.acceptsGzip, let packed = Gzip.compress(bytes, level: 1) else {
            return response
        }
        response.headers[.contentEncoding] = "gzip"
        response.body = .init(byteBuffer: .init(bytes: packed))
        return response
    }
}
