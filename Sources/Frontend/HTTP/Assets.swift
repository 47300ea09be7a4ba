import HTTPTypes
import Hummingbird
import NIOCore

/// The files beside the pages, ready to send. Their addresses carry their version, so browsers keep them for a year.
struct Assets: Sendable {
    struct Asset: Sendable {
        let name: String
        let type: String
        private let bytes: ByteBuffer
        private let compressed: ByteBuffer?
        let version: String

        init(_ name: String, _ type: String, _ content: [UInt8]) {
            self.name = name
            self.type = type
            bytes = ByteBuffer(bytes: content)
            compressed = Gzip.compress(content).map { ByteBuffer(bytes: $0) }
            version = Assets.version(of: content)
        }

        /// - Parameter isCurrent: Whether the address asks for this version. Another one gets what there is, but not for
        ///   long.
        func response(to request: Request, isCurrent: Bool) -> Response {
            let packed = compressed.flatMap { request.acceptsGzip ? $0 : nil }
            let tag = packed == nil ? "\"\(version)\"" : "\"\(version)-gzip\""
            var headers: HTTPFields = [
                .contentType: type, .eTag: tag, .vary: "Accept-Encoding",
                .cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "public, max-age=60",
            ]
            let known = request.headers[.ifNoneMatch]?.split(separator: ",").contains { $0.filter { $0 != " " } == tag }
            if known == true { return Response(status: .notModified, headers: headers) }
            if packed != nil { headers[.contentEncoding] = "gzip" }
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: packed ?? bytes))
        }
    }

    static let all = [
        Asset("style.css", "text/css; charset=utf-8", PackageResources.style_css),
        Asset("live.js", "text/javascript; charset=utf-8", PackageResources.live_js),
        Asset("viewer.js", "text/javascript; charset=utf-8", PackageResources.viewer_js),
        Asset("clipboard.js", "text/javascript; charset=utf-8", PackageResources.clipboard_js),
        Asset("files.js", "text/javascript; charset=utf-8", PackageResources.files_js),
        Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ]

    /// Sixteen hexadecimal digits that follow from the content (FNV-1a, 64 bits).
    static func version(of content: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in content { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The templates' constants: `asset.style.css` and so on.
    static func addresses(base: String) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: all.map { ("asset.\($0.name)", "\(base)/assets/\($0.name)?v=\($0.version)") })
    }

    static func response(to request: Request, name: String) throws(FrontendError) -> Response {
        guard let asset = all.first(where: { $0.name == name }) else { throw FrontendError(code: .notFound) }
        return asset.response(to: request, isCurrent: request.uri.query == "v=\(asset.version)")
    }
}
