import Domain
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What goes with a request.
struct FrontendContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address that the connection comes from; nil if it has no IP address.
    let peer: ClientAddress?
    /// Whose request it is: the peer, or whom a proxy of ours names.
    var client: ClientAddress?
    /// Whether the client may see what those who look after the service see.
    var isMonitor = false
    var currentUser = CurrentUser()

    /// Longest body of a request in bytes, as in every version of the service this one follows.
    static let longestBody = 65_535
    /// Of a form with a boot script, of which each byte may come as three.
    static let longestBodyWithScript = 3 * 65_535 + longestBody

    init(source: Source) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress.flatMap { ClientAddress($0) }
    }

    var maxUploadSize: Int { Self.longestBody }
}

extension Request {
    /// Whether the sender wants JSON: it says so, or it sends JSON and does not ask for a page.
    var wantsJSON: Bool {
        let accepted = headers[values: .accept].joined(separator: ",").lowercased()
        if accepted.contains("application/json") { return true }
        return headers[.contentType]?.lowercased().hasPrefix("application/json") == true
            && !accepted.contains("text/html")
    }
}

extension Response {
    static func html(_ page: String, status: HTTPResponse.Status = .ok) -> Response {
        // Pages show links that open somebody's desktop, and forms that may be sent once.
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(string: page)))
    }

    static func json(_ answer: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(string: try JSONText.of(answer) + "\n")))
    }

    static func plain(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(string: text)))
    }
}
