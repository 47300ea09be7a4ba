import Domain
import HTTPTypes
import Hummingbird
import Queue

/// A session's events as they happen, each with what brings the session's page up to date.
///
/// An event's id is its id in the session's log, so a reader that was away gets what it missed. The stream ends after the
/// session's end.
actor SessionStream: EventSource {
    private let services: FrontendServices
    /// As the reader sees them.
    private let pages: Pages
    private var told: ToldSession

    /// - Parameter after: The last event that the reader has.
    init(services: FrontendServices, pages: Pages, session: Session, after: EventID) {
        self.services = services
        self.pages = pages
        told = ToldSession(session, last: after)
    }

    var isOver: Bool { told.isOver }

    func text(of inbox: StreamInbox, _ subscription: StatusHub.Subscription) async throws -> String? {
        // What fails is told again from where it was.
        var next = told
        guard let text = try await text(of: inbox, &next) else { return nil }
        told = next
        subscription.wait(for: told.waitingJob)
        return text
    }

    /// What there is to tell.
    /// - Returns: Nil for a session that is not known any more.
    private func text(of inbox: StreamInbox, _ told: inout ToldSession) async throws -> String? {
        let events: [SessionEvent]
        if inbox.isMissing {
            guard let history = try await services.queue.history(of: told.id) else { return nil }
            events = told.take(history)
        } else {
            events = told.take(inbox.events)
        }
        let hasMoved = told.move(to: inbox.place)
        // What page there is follows from the last event; of a session that waits, from its place and from others too.
        guard !events.isEmpty || told.waitingJob != nil && (hasMoved || inbox.mustLook) else { return "" }
        let update: PageUpdate?
        if told.waitingJob == nil {
            update = told.update(pages, nil)
        } else if told.place != nil {
            update = told.update(pages, try await services.wait(of: told.request))
        } else {
            // It is told with the place.
            update = nil
        }
        return try told.text(of: events, update, hasMoved: hasMoved)
    }
}

/// What a reader has been told.
private struct ToldSession {
    private var session: Session
    private var times = StepTimes()
    private var last: EventID
    /// The place in the queue, once it is known; nil inside for none.
    private(set) var place: Int??
    /// Of what was last said about a session that waits.
    private var wait = 0

    init(_ session: Session, last: EventID) {
        self.session = session
        self.last = last
    }

    var id: SessionID { session.id }
    var request: SessionRequest { session.request }
    var isOver: Bool { session.state == .ended }
    /// Nil if it does not wait.
    var waitingJob: JobID? { session.state == .queued ? session.job : nil }

    /// Takes events that follow each other.
    /// - Returns: Those that are new.
    mutating func take(_ events: [SessionEvent]) -> [SessionEvent] {
        let events = events.filter { $0.place > last }
        for event in events {
            session.take(event)
            times.add(event)
        }
        last = events.last?.place ?? last
        return events
    }

    /// Takes the session as it is, with its whole log.
    /// - Returns: The events that are new.
    mutating func take(_ history: (session: Session, events: [SessionEvent])) -> [SessionEvent] {
        session = history.session
        times = StepTimes(history.events)
        let events = history.events.filter { $0.place > last }
        last = events.last?.place ?? last
        return events
    }

    /// - Returns: Whether that is another place than the reader knows.
    mutating func move(to new: Int??) -> Bool {
        if session.state != .queued { place = nil }
        guard let new else { return false }
        defer { if session.state == .queued { place = .some(new) } }
        return place != .some(new)
    }

    /// What brings the page up to date.
    /// - Returns: Nil if there is nothing new.
    mutating func update(_ pages: Pages, _ why: WaitReason?) -> PageUpdate? {
        var report = SessionReport(session: session, times: times, now: FrontendServices.now())
        guard let why else { return pages.update(report) }
        report.position = place ?? nil
        report.wait = why
        let update = pages.update(report)
        // While nothing happens its reasons may change all the same.
        let hash = update.hashValue
        if hash == wait { return nil }
        wait = hash
        return update
    }

    func text(of events: [SessionEvent], _ update: PageUpdate?, hasMoved: Bool) throws -> String {
        var text = ""
        for event in events { text += try Self.text(of: event, update: event.id == events.last?.id ? update : nil) }
        if session.state == .queued, let place, let update, events.isEmpty || hasMoved {
            text += "event: position\ndata: \(try JSONText.of(PositionEvent(position: place, page: update)))\n\n"
        }
        return text
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
