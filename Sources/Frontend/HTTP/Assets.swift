import HTTPTypes
import Hummingbird
import NIOCore

/// The files beside the pages, ready to send. Their addresses carry their version, so browsers keep them for a year.
struct Assets: Sendable {
    struct Asset: Sendable {
        let name: String
        let type: String
        let bytes: ByteBuffer
        /// Sixteen hexadecimal digits that follow from the content (FNV-1a, 64 bits).
        let version: String

        init(_ name: String, _ type: String, _ content: [UInt8]) {
            self.name = name
            self.type = type
            bytes = ByteBuffer(bytes: content)
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in content { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            let digits = String(hash, radix: 16)
            version = String(repeating: "0", count: 16 - digits.count) + digits
        }
    }

    static let all = [
        Asset("style.css", "text/css; charset=utf-8", PackageResources.style_css),
        Asset("live.js", "text/javascript; charset=utf-8", PackageResources.live_js),
        Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ]

    /// The templates' constants: `asset.style.css` and so on.
    static func addresses(base: String) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: all.map { ("asset.\($0.name)", "\(base)/assets/\($0.name)?v=\($0.version)") })
    }

    static func response(to request: Request, name: String) throws(FrontendError) -> Response {
        guard let asset = all.first(where: { $0.name == name }) else { throw FrontendError(code: .notFound) }
        let tag = "\"\(asset.version)\""
        // An address of another version gets what there is, but not for long.
        let current = request.uri.query == "v=\(asset.version)"
        let headers: HTTPFields = [
            .contentType: asset.type, .eTag: tag,
            .cacheControl: current ? "public, max-age=31536000, immutable" : "public, max-age=60",
        ]
        let known = request.headers[.ifNoneMatch]?.split(separator: ",").contains { $0.filter { $0 != " " } == tag }
        if known == true { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.bytes))
    }
}
