import Domain
package import Ledger
import Logging
import Queue

/// Copies what was noted in the queue into a ledger, in order and exactly once: the ledger itself knows how far it is, and the
/// queue is told, which keeps the rest until then. Every scheduler keeps a ledger of its own, so that whoever leads next has
/// all of it.
package actor LedgerWriter {
    private static let batch = 500
    /// Two years.
    private static let kept: Int64 = 2 * 365 * 24 * 3600 * 1000
    /// How often the queue is told when nothing has changed. It waits for a silent ledger for a week.
    private static let reminder = Duration.seconds(3600)

    private var ledger: Ledger?
    private let open: @Sendable () async throws(LedgerError) -> Ledger
    private let name: String
    /// What the queue was told last, and when.
    private var told: (id: String?, at: ContinuousClock.Instant)?

    /// - Parameter name: Tells this ledger from all others of the same queue.
    package init(ledger: Ledger, name: String) {
        self.ledger = ledger
        self.name = name
        open = { () throws(LedgerError) in ledger }
    }

    /// One whose ledger has no room now, so that it is opened when there is some: what was done waits in the queue.
    package init(name: String, open: @escaping @Sendable () async throws(LedgerError) -> Ledger) {
        self.name = name
        self.open = open
    }

    private func opened() async throws -> Ledger {
        if let ledger { return ledger }
        let opened = try await open()
        ledger = opened
        return opened
    }

    /// Copies what is new.
    /// - Returns: How many entries there were.
    @discardableResult
    func round(_ queue: JobQueue) async throws -> Int {
        let ledger = try await opened()
        var copied = 0
        var place = try await ledger.lastID
        var newest: Int64?
        // Before a ledger that can't be written fails.
        if told == nil { try await tell(place, queue) }
        while !Task.isCancelled {
            let (entries, last) = try await queue.audit(after: place, events: Self.batch)
            guard let last else { break }
            place = last
            try await ledger.record(entries)
            copied += entries.count
            newest = entries.last?.at ?? newest
        }
        try await tell(place, queue)
        if let newest { _ = try await ledger.prune(before: newest - Self.kept) }
        return copied
    }

    private func tell(_ place: String?, _ queue: JobQueue) async throws(QueueError) {
        if let told, told.id == place, ContinuousClock.now - told.at < Self.reminder { return }
        try await queue.noted(by: name, until: place)
        told = (place, .now)
    }
}
