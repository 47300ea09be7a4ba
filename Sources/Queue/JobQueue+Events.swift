package import Domain
import Redis

/// One entry of a session's event log.
package struct SessionEvent: Sendable, Hashable {
    /// Redis' stream id: milliseconds since the epoch, a dash, a counter.
    package var id: String
    package var state: SessionState
    /// What the session's hash got with it, and what stands in the event alone.
    package var fields: [String: String]

    /// When it happened, in milliseconds since the epoch.
    package var at: Int64 { id.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }

    /// Its place in the log.
    package var place: EventID { EventID(id) ?? .zero }

    fileprivate init?(id: String, fields: [String: String]) {
        guard let state = fields["state"].flatMap(SessionState.init(rawValue:)) else { return nil }
        self.id = id
        self.state = state
        self.fields = fields
    }
}

/// A part of the log of all events.
package struct EventPage: Sendable {
    /// Those of sessions, in order.
    package var events: [(session: SessionID, event: SessionEvent)]
    /// The last entry that was looked at, whatever it is about; nil if there was none.
    package var last: EventID?
    /// Whether there may be more.
    package var isFull: Bool
}

extension JobQueue {
    /// What happened to a session, in order.
    /// - Parameter after: The id of an event, from which on to read. It may come from outside: what is no id counts as none.
    package func events(of session: SessionID, after: String? = nil) async throws(QueueError) -> [SessionEvent] {
        let start = after.flatMap { EventID($0) }.map { "(\($0)" } ?? "-"
        return entries(try await send(["XRANGE", "qwd:events:\(session)", start, "+"]))
            .compactMap { SessionEvent(id: $0, fields: $1) }
    }

    /// A session with all that happened to it; nil for one that is not known any more. The session is never older than
    /// what happened to it, and may be newer.
    package func history(
        of id: SessionID
    ) async throws(QueueError) -> (session: Session, events: [SessionEvent])? {
        let replies = try await send(pipeline: [
            ["XRANGE", "qwd:events:\(id)", "-", "+"], ["HGETALL", "qwd:session:\(id)"], QueueClock.look,
        ])
        guard replies.count == 3 else { return nil }
        clock.note(replies[2])
        guard let session = Session(id: id, fields: clock.shown(replies[1].dictionary)) else { return nil }
        return (session, entries(replies[0]).compactMap { SessionEvent(id: $0, fields: $1) })
    }

    /// What happened to all sessions after an event, in order.
    /// - Parameter limit: How many entries to look at, at most.
    package func events(after id: EventID, limit: Int) async throws(QueueError) -> EventPage {
        let entries = entries(try await send(["XRANGE", "qwd:events", "(\(id)", "+", "COUNT", "\(limit)"]))
        let events = entries.compactMap { id, fields in
            fields["session"].flatMap { SessionID($0) }.flatMap { session in
                SessionEvent(id: id, fields: fields.filter { $0.key != "session" }).map { (session, $0) }
            }
        }
        return EventPage(
            events: events, last: entries.last.flatMap { EventID($0.id) }, isFull: entries.count >= limit)
    }

    /// The last entry of the log of all events.
    package func lastEvent() async throws(QueueError) -> EventID {
        let entries = entries(try await send(["XREVRANGE", "qwd:events", "+", "-", "COUNT", "1"]))
        return entries.first.flatMap { EventID($0.id) } ?? .zero
    }

    private func entries(_ reply: RedisValue) -> [(id: String, fields: [String: String])] {
        (reply.array ?? []).compactMap { entry in
            guard let pair = entry.array, pair.count == 2, let id = pair[0].string else { return nil }
            return (id, clock.shown(pair[1].dictionary))
        }
    }
}
