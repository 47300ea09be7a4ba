import Redis

/// What one round of the scheduler found due.
package struct Due: Sendable, Hashable {
    package var expired: Int
    package var loadChecks: Int
    /// Time until the next session expires, or nil.
    package var nextExpiry: Duration?
}

extension JobQueue {
    /// Takes or keeps the leadership. `.zero` gives it up.
    /// - Parameter clock: How long the host of the scheduler has run; the queue's time goes on by it.
    /// - Returns: The term, or nil while somebody else leads.
    package func lead(_ holder: String, lease: Duration, clock: BootTime? = nil) async throws(QueueError) -> Int? {
        try await call(.lead, [holder, "\(lease.milliseconds)"] + BootTime.arguments(clock)).integer
    }

    /// Emits the jobs that are due: the end of sessions past their life-time, load checks; trims old records.
    /// - Parameter endedKept: How many ended sessions are kept, besides that none is for longer than a week; zero for all.
    package func tick(
        loadCheck: Duration, lease: Duration, endedKept: Int = 0
    ) async throws(QueueError) -> Due {
        let reply = try await call(
            .tick, ["\(loadCheck.milliseconds)", "\(lease.milliseconds)", "\(endedKept)"])
        guard let values = reply.array?.compactMap(\.integer), values.count == 3 else {
            throw Self.unexpected(reply, from: "tick")
        }
        return Due(
            expired: values[0], loadChecks: values[1], nextExpiry: values[2] < 0 ? nil : .milliseconds(values[2]))
    }

    /// Sends the jobs of silent workers back to the queue and calls the sessions of silent hosts lost.
    package func reap(lease: Duration) async throws(QueueError) -> (returned: Int, lost: Int) {
        let reply = try await call(.reap, ["\(lease.milliseconds)"])
        guard let values = reply.array?.compactMap(\.integer), values.count == 2 else {
            throw Self.unexpected(reply, from: "reap")
        }
        return (values[0], values[1])
    }

    /// Puts the jobs whose time has come back to their queue.
    /// - Returns: Time until the next job's time comes, or nil.
    package func promote() async throws(QueueError) -> Duration? {
        let milliseconds = try await call(.promote, []).integer ?? -1
        return milliseconds < 0 ? nil : .milliseconds(milliseconds)
    }
}
