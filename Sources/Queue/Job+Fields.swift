import Domain

extension Job {
    /// Reads a job from its hash. Answers nil when there is none or its kind or state is none we know.
    init?(id: String, fields: [String: String]) {
        guard let kind = fields["kind"].flatMap(JobKind.init(rawValue:)),
            let state = fields["state"].flatMap(JobState.init(rawValue:))
        else { return nil }
        func number(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        func time(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) } }
        self.init(id: id, kind: kind, state: state)
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
