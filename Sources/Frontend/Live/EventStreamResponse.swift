import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Queue
import ServiceLifecycle

extension Response {
    typealias EventWriter = (String) async throws -> Void

    /// A stream of server-sent events (HTML Standard, section 9.2) that ends with its reader, its body, the reader's login,
    /// or the server's shutdown.
    /// - Throws: `FrontendError` `.tooMuchAtOnce` for who listens to as much already as one may.
    static func eventStream(
        _ request: Request, _ context: FrontendContext, _ services: FrontendServices, of interest: StatusHub.Interest,
        about subject: StreamPermit.Subject,
        body: @escaping @Sendable (StatusHub.Subscription, StreamPermit, EventWriter) async throws -> Void
    ) throws(FrontendError) -> Response {
        let hub = services.hub
        let login = context.currentUser.login
        let reader = login.map { StreamPermit.mark(of: $0) } ?? context.client?.throttleKey ?? ""
        guard !hub.isFull(for: reader) else { throw FrontendError(code: .tooMuchAtOnce) }
        let permit = StreamPermit(signInService: services.signInService, login: login, subject: subject)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: .init { writer in
                // Only now: to a HEAD request, and to a reader that is gone already, no body is ever written.
                let subscription = hub.listen(to: interest, by: reader)
                defer { subscription.close() }
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await withGracefulShutdownHandler {
                        // Tells the browser to come back soon.
                        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
                        try await body(subscription, permit) { try await writer.write(ByteBuffer(string: $0)) }
                    } onGracefulShutdown: {
                        subscription.close()
                    }
                } onInboundClosed: {
                    subscription.close()
                }
                try await writer.finish(nil)
            })
    }
}

extension EventID {
    /// The event after which a reader goes on: what its browser says, or else the address.
    static func last(of request: Request) -> EventID? {
        [request.headers[.lastEventID], request.uri.queryParameters["after"].map(String.init)]
            .lazy.compactMap { $0.flatMap { EventID($0) } }.first
    }
}

/// What a reader knows of whether the queue can be read. Pages say when they are not up to date.
struct QueuePresence {
    private var isHubAway = false
    private var isAway = false

    /// The event for a change of it, or nothing.
    /// - Parameter hasFailed: Whether the stream could not read itself what it had to.
    mutating func tell(_ inbox: StreamInbox, hasFailed: Bool = false) -> String {
        isHubAway = inbox.isAway ?? isHubAway
        let now = hasFailed || isHubAway
        defer { isAway = now }
        return now == isAway ? "" : "event: \(now ? "away" : "back")\ndata: {}\n\n"
    }
}
