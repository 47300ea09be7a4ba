import Domain
import HTTPTypes
import Hummingbird
import Queue

/// A session's events as they happen, each with what brings the session's page up to date.
///
/// An event's id is its id in the session's log, so a reader that was away gets what it missed. The stream ends after the
/// session's end.
struct SessionStream: Sendable {
    let services: FrontendServices
    /// As the reader sees them.
    let pages: Pages
    let session: Session
    /// The last event that the reader has.
    let after: EventID

    /// What the reader has been told.
    private struct Told {
        var session: Session
        var times = StepTimes()
        var last: EventID
        /// The place in the queue, once it is known; nil inside for none.
        var place: Int??
        /// Of what was last said about a session that waits.
        var wait = 0
    }

    func response(to request: Request, _ context: FrontendContext) throws -> Response {
        try Response.eventStream(request, context, services, of: .session(session.id), about: .session(session)) {
            try await follow($0, $1, $2)
        }
    }

    private func follow(
        _ subscription: StatusHub.Subscription, _ permit: StreamPermit, _ write: Response.EventWriter
    ) async throws {
        var told = Told(session: session, last: after)
        var presence = QueuePresence()
        var wakes = subscription.wakes.makeAsyncIterator()
        repeat {
            let inbox = subscription.take()
            var text = ""
            do {
                if inbox.mustLook, try await !permit.holds() { return }
                var next = told
                guard let fresh = try await self.text(of: inbox, &next) else { return }
                text = fresh
                told = next
                subscription.wait(for: told.session.state == .queued ? told.session.job : nil)
                text += presence.tell(inbox)
            } catch {
                subscription.retry()
                text = presence.tell(inbox, hasFailed: true)
            }
            // Says to proxies that this goes on.
            try await write(text.isEmpty ? ": still here\n\n" : text)
            if told.session.state == .ended { return }
        } while await wakes.next() != nil
    }

    /// What there is to tell.
    /// - Returns: Nil for a session that is not known any more.
    private func text(of inbox: StreamInbox, _ told: inout Told) async throws -> String? {
        var events = inbox.events.filter { $0.place > told.last }
        if inbox.isMissing {
            guard let (session, log) = try await services.queue.history(of: told.session.id) else { return nil }
            told.session = session
            told.times = StepTimes(log)
            events = log.filter { $0.place > told.last }
        } else {
            for event in events {
                told.session.take(event)
                told.times.add(event)
            }
        }
        told.last = events.last?.place ?? told.last
        if told.session.state != .queued { told.place = nil }
        let hasMoved = inbox.place != nil && inbox.place != told.place
        if told.session.state == .queued, let place = inbox.place { told.place = .some(place) }
        // What page there is follows from the last event; of a session that waits, from its place too.
        let update = try await update(&told, isDue: !events.isEmpty || hasMoved || inbox.mustLook)
        var text = ""
        for event in events { text += try Self.text(of: event, update: event.id == events.last?.id ? update : nil) }
        if told.session.state == .queued, let place = told.place, let update, events.isEmpty || hasMoved {
            text += "event: position\ndata: \(try JSONText.of(PositionEvent(position: place, page: update)))\n\n"
        }
        return text
    }

    /// - Returns: Nil if there is nothing new, or as long as the place of a session that waits is not known.
    private func update(_ told: inout Told, isDue: Bool) async throws -> PageUpdate? {
        guard isDue else { return nil }
        var report = SessionReport(session: told.session, times: told.times, now: FrontendServices.now())
        guard told.session.state == .queued else { return pages.update(report) }
        guard let place = told.place else { return nil }
        report.position = place
        try await services.explainWait(&report)
        let update = pages.update(report)
        // While nothing happens its reasons may change all the same.
        let hash = update.hashValue
        if hash == told.wait { return nil }
        told.wait = hash
        return update
    }

    /// An event with its fields; the log has no secrets.
    private static func text(of event: SessionEvent, update: PageUpdate?) throws -> String {
        "id: \(event.id)\nevent: status\ndata: \(try JSONText.of(StatusEvent(event: event, page: update)))\n\n"
    }
}

private struct PositionEvent: Encodable, Sendable {
    @Nullable var position: Int?
    var page: PageUpdate
}

/// An event with its fields beside each other.
private struct StatusEvent: Encodable, Sendable {
    var event: SessionEvent
    var page: PageUpdate?

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Name.self)
        for (name, value) in event.fields where !value.isEmpty {
            if name == "ms", let number = Int(value) {
                try members.encode(number, forKey: Name(stringValue: name))
            } else {
                try members.encode(value, forKey: Name(stringValue: name))
            }
        }
        try members.encode(event.state.rawValue, forKey: Name(stringValue: "state"))
        try members.encode(TimeText.rfc3339(event.at), forKey: Name(stringValue: "at"))
        try members.encodeIfPresent(page, forKey: Name(stringValue: "page"))
    }
}
