import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Queue
import ServiceLifecycle

/// What an event stream tells its reader.
protocol EventSource: Actor {
    /// What the reader has to be told of what has come.
    /// - Returns: Nil if there will be nothing any more; empty if there is nothing now.
    /// - Throws: While the queue can't be read; then it is asked again, with all of it missing.
    func text(of inbox: StreamInbox, _ subscription: StatusHub.Subscription) async throws -> String?
    /// Whether that was the last.
    var isOver: Bool { get }
}

extension Response {
    /// A stream of server-sent events (HTML Standard, section 9.2) that ends with its reader, its source, the reader's login,
    /// or the server's shutdown.
    /// - Throws: `FrontendError` `.tooMuchAtOnce` for who listens to as much already as one may.
    static func eventStream(
        _ request: Request, _ context: FrontendContext, _ services: FrontendServices, of interest: StatusHub.Interest,
        about subject: StreamPermit.Subject, from source: any EventSource
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
                let turns = StreamTurns(source: source, permit: permit, subscription: subscription)
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await withGracefulShutdownHandler {
                        // Tells the browser to come back soon.
                        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
                        var wakes = subscription.wakes.makeAsyncIterator()
                        repeat {
                            guard let text = try await inOwnTask({ await turns.next() }) else { break }
                            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                        } while await wakes.next() != nil
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

/// A stream's way from one look into its inbox to the next.
private actor StreamTurns {
    private let source: any EventSource
    private let permit: StreamPermit
    private let subscription: StatusHub.Subscription
    private var presence = QueuePresence()
    private var isOver = false

    init(source: any EventSource, permit: StreamPermit, subscription: StatusHub.Subscription) {
        self.source = source
        self.permit = permit
        self.subscription = subscription
    }

    /// What to write next; nil at the end.
    func next() async -> String? {
        if isOver { return nil }
        let inbox = subscription.take()
        var text = ""
        do {
            if inbox.mustLook, try await !permit.holds() { return nil }
            guard let news = try await source.text(of: inbox, subscription) else { return nil }
            text = news + presence.tell(inbox)
        } catch {
            subscription.retry()
            text = presence.tell(inbox, hasFailed: true)
        }
        isOver = await source.isOver
        return text
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
