import Domain
package import Ledger
import Logging
import Queue

/// Copies what was noted in the queue into the ledger, in order and exactly once: the ledger itself knows how far it is.
package struct Bookkeeper: Sendable {
    private static let batch = 500
    /// Two years.
    private static let kept: Int64 = 2 * 365 * 24 * 3600 * 1000

    private let ledger: Ledger

    package init(ledger: Ledger) {
        self.ledger = ledger
    }

    /// Copies what is new.
    /// - Returns: How many entries there were.
    func round(_ queue: JobQueue) async throws -> Int {
        var copied = 0
        var place = try await ledger.lastID
        var newest: Int64?
        while !Task.isCancelled {
            let (entries, last) = try await queue.audit(after: place, events: Self.batch)
            guard let last else { break }
            place = last
            try await ledger.record(entries)
            copied += entries.count
            newest = entries.last?.at ?? newest
        }
        if let newest { _ = try await ledger.prune(before: newest - Self.kept) }
        return copied
    }
}
