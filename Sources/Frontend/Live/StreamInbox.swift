import Domain
import Queue

/// What waits for one watcher until its connection takes it. Its size is bounded: a watcher that is too slow loses what
/// waits and reads the log instead.
struct StreamInbox: Sendable {
    /// Events that may wait: more than a whole start of a session.
    static let mostEvents = 64
    /// Rows that may wait: as many as a page shows. All watchers share what is in them.
    static let mostRows = 1000

    /// Of the watched session, in order.
    private(set) var events: [SessionEvent] = []
    /// Rows that have changed, each as it is now.
    private(set) var rows: [SessionID: RowChange] = [:]
    /// The last event that the rows are not older than.
    private(set) var rowsAt = EventID.zero
    /// Whether the log has events that are not here. It is so for who begins.
    private(set) var isMissing = true
    /// The place in the queue, if it is another one than before; nil inside for none.
    var place: Int??
    /// Whether the queue can't be read, if that has changed.
    var isAway: Bool?
    /// Whether it is time to see whether the reader may still listen.
    var mustLook = false

    mutating func add(_ event: SessionEvent) {
        // Who has to read the log finds it there.
        if isMissing { return }
        if events.count == Self.mostEvents { return miss() }
        events.append(event)
    }

    mutating func add(_ change: RowChange, at event: EventID) {
        if isMissing { return }
        rows[change.id] = change
        rowsAt = event
        if rows.count > Self.mostRows { miss() }
    }

    /// What waits is not all of it.
    mutating func miss() {
        events = []
        rows = [:]
        isMissing = true
    }

    /// Empties it. What comes from now on is kept.
    mutating func take() -> StreamInbox {
        defer {
            self = StreamInbox()
            isMissing = false
        }
        return self
    }
}
