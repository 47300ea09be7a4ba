import Domain
import Queue

/// Why sessions wait, found out once within a moment for all that need the same.
actor PlacementCache {
    /// Kinds of needs that are remembered. Beyond that all are forgotten, which costs no more than to ask again.
    private static let most = 256

    private let queue: JobQueue
    private let limits: Limits
    private let lease: Duration
    private let freshness: Duration
    private var known: [String: Cached<Placement>] = [:]

    init(queue: JobQueue, limits: Limits, lease: Duration, freshness: Duration) {
        self.queue = queue
        self.limits = limits
        self.lease = lease
        self.freshness = freshness
    }

    func placement(of request: SessionRequest) async throws(QueueError) -> Placement {
        let needs = request.needs
        if known.count >= Self.most, known[needs] == nil { known = [:] }
        let cached =
            known[needs]
            ?? Cached(life: freshness) { [queue, limits, lease] () throws(QueueError) in
                try await queue.place(request, limits: limits, lease: lease)
            }
        known[needs] = cached
        return try await cached.value()
    }
}
