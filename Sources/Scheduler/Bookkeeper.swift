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
        while !Task.isCancelled {
            let entries = try await queue.audit(after: try await ledger.lastID, limit: Self.batch)
            guard let last = entries.last else { break }
            try await ledger.record(entries)
            copied += entries.count
            if entries.count < Self.batch {
                _ = try await ledger.prune(before: last.at - Self.kept)
                break
            }
        }
        return copied
    }
}
