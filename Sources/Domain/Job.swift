/// A job as the queue knows it: one `qwd:job:<jid>` hash. Times are milliseconds since the epoch.
package struct Job: Sendable, Hashable, Identifiable {
    /// Names the job: an id for a create job, `<session>-stop` or `load-<host>-<slot>` for the others.
    package let id: String
    package var kind: JobKind
    package var session: SessionID?
    package var state: JobState
    /// The queue it belongs to: `create`, or `host:<name>`.
    package var route: String
    package var attempt: Int
    package var maxAttempts: Int
    package var fence: Int
    package var host: String?
    package var worker: String?
    package var leaseUntil: Int64?
    package var queuedAt: Int64
    package var startedAt: Int64?
    package var endedAt: Int64?
    package var error: String?

    package init(id: String, kind: JobKind, state: JobState) {
        self.id = id
        self.kind = kind
        self.state = state
        route = ""
        attempt = 0
        maxAttempts = 0
        fence = 0
        queuedAt = 0
    }
}
