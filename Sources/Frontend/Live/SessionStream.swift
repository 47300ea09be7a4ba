import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Queue
import ServiceLifecycle

/// A session's events as they happen, as server-sent events (HTML Standard, section 9.2).
///
/// An event's id is its id in the session's log, so a reader that was away gets what it missed. The stream ends after the
/// session's end.
struct SessionStream: Sendable {
    let site: Site
    let session: Session
    /// The last event that the reader has.
    let after: String?

    func response(to request: Request, _ context: FrontendContext) throws -> Response {
        try Response.eventStream(request, context, site, about: .session(session)) { subscription, permit, write in
            try await follow(subscription, permit, write)
        }
    }

    private func follow(
        _ subscription: StatusHub.Subscription, _ permit: StreamPermit, _ write: (String) async throws -> Void
    ) async throws {
        var mustLook = false
        var last = after
        var state = session.state
        var place: Int?
        var isAway = false
        var wakes = subscription.wakes.makeAsyncIterator()
        // Tells the browser to come back soon, and proxies that this goes on.
        try await write("retry: 2000\n\n")
        repeat {
            var text = ""
            do {
                mustLook = subscription.takeLook() || mustLook
                if mustLook, try await !permit.holds() { return }
                mustLook = false
                for event in try await site.queue.events(of: session.id, after: last) {
                    text += Self.text(of: event)
                    last = event.id
                    state = event.state
                }
                subscription.setWaits(state == .queued)
                if state == .queued {
                    let now = try await site.place(of: session)
                    if now != place, let now { text += "event: position\ndata: {\"position\":\(now)}\n\n" }
                    place = now
                }
                if isAway { text += "event: back\ndata: {}\n\n" }
                isAway = false
            } catch {
                // The log has everything when the queue is back; until then the reader should know.
                if !isAway { text += "event: away\ndata: {}\n\n" }
                isAway = true
            }
            try await write(text.isEmpty ? ": still here\n\n" : text)
            if state == .ended { return }
        } while await wakes.next() != nil
    }

    /// An event with its fields; the log has no secrets.
    private static func text(of event: SessionEvent) -> String {
        var object = JSONObject()
        object.add("state", event.state.rawValue)
        object.add("at", TimeText.rfc3339(event.at))
        for (name, value) in event.fields.sorted(by: { $0.key < $1.key }) where name != "state" && !value.isEmpty {
            if name == "ms", let number = Int(value) { object.add(name, number) } else { object.add(name, value) }
        }
        return "id: \(event.id)\nevent: status\ndata: \(object.text)\n\n"
    }

    /// The event after which a reader goes on: what its browser says, or else the address.
    static func lastEvent(of request: Request) -> String? {
        let header = request.headers[.lastEventID]
        return [header, request.uri.queryParameters["after"].map(String.init)].compactMap { $0 }.first(where: isEventID)
    }

    /// Whether it is an id of a Redis stream, so that Redis takes it.
    private static func isEventID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && parts.allSatisfy { MemoryText.number($0, digits: 18) != nil }
    }
}

extension Response {
    /// A stream of server-sent events that ends with its reader, its body, the reader's login, or the server's shutdown.
    /// - Throws: `FrontendError` `.tooMuchAtOnce` for who listens to as much already as one may.
    static func eventStream(
        _ request: Request, _ context: FrontendContext, _ site: Site, about subject: StatusHub.Subject,
        body:
            @escaping @Sendable (
                StatusHub.Subscription, StreamPermit, (String) async throws -> Void
            ) async throws -> Void
    ) throws(FrontendError) -> Response {
        let hub = site.hub
        let login = context.visitor.login
        let reader = login.map { StreamPermit.mark(of: $0) } ?? context.client?.throttleKey ?? ""
        guard !hub.isFull(for: reader) else { throw FrontendError(code: .tooMuchAtOnce) }
        let permit = StreamPermit(desk: site.desk, login: login, session: subject.session)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: .init { writer in
                // Only now: to a HEAD request, and to a reader that is gone already, no body is ever written.
                let subscription = hub.listen(to: subject.interest, by: reader)
                defer { subscription.close() }
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await withGracefulShutdownHandler {
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
