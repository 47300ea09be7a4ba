/// A job as the queue knows it: one `qwd:job:<jid>` hash. Times are milliseconds since the epoch by Redis' clock.
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
}

extension Job {
    /// Reads a job from its hash. Answers nil when there is none or its kind or state is none we know.
    package init?(id: String, fields: [String: String]) {
        guard let kind = fields["kind"].flatMap(JobKind.init(rawValue:)),
            let state = fields["state"].flatMap(JobState.init(rawValue:))
        else { return nil }
        func number(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        func time(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) } }
        self.id = id
        self.kind = kind
        self.state = state
        session = fields["session"].flatMap { SessionID($0) }
        route = fields["route"] ?? ""
        attempt = number("attempt")
        maxAttempts = number("max_attempts")
        fence = number("fence")
        host = fields["host"]
        worker = fields["worker"]
        leaseUntil = time("lease_until")
        queuedAt = time("queued_at") ?? 0
        startedAt = time("started_at")
        endedAt = time("ended_at")
        error = fields["error"]
    }
}
