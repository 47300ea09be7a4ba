/// A session as the queue knows it: one `qwd:session:<sid>` hash. Times are milliseconds since the epoch by Redis' clock.
package struct Session: Sendable, Hashable, Identifiable {
    package let id: SessionID
    package var state: SessionState
    package var request: SessionRequest
    /// The job that creates it.
    package var job: JobID?
    package var host: String?
    /// Number of the claim that owns it. A higher one makes every earlier owner stale.
    package var fence: Int
    package var attempt: Int
    package var step: SessionStep?
    /// What a waiting session waits for, in words, or nil.
    package var waitingFor: String?
    package var reason: EndReason?
    /// More about the reason or the state, in words a person can act on.
    package var detail: String?
    /// Whether somebody asked to stop it.
    package var stopRequested: Bool
    /// Whether the display can be opened.
    package var displayReady: Bool
    /// Where viewers of this session connect: the URL the host's worker publishes, without token.
    package var displayURL: String?
    package var accelerator: String?
    package var createdAt: Int64
    package var startedAt: Int64?
    package var expiresAt: Int64?
    package var endedAt: Int64?
    /// What became of the mail about it: `sent`, or why not, in words for a person. Nil if there is none, or not yet.
    package var mail: String?
    /// Grows by one with every change.
    package var revision: Int
}

extension Session {
    /// The fields of the hash, in the order in which `init(id:values:)` wants their values.
    package static let fieldNames = [
        "state", "owner", "machine", "cpu", "memory_mib", "disk_gib", "lifetime_s", "one_shot", "job", "host", "fence",
        "attempt", "step", "waiting_for", "reason", "detail", "wanted", "display", "display_url",
        "accelerator", "created_at", "started_at", "expires_at", "ended_at", "mail", "rev", "email",
    ]

    /// Reads a session from the values of its fields, nil for one that is missing.
    ///
    /// Answers nil when there is no such session or its state is none we know.
    package init?(id: SessionID, values: [String?]) {
        guard values.count == Self.fieldNames.count else { return nil }
        var position = values.startIndex
        func next() -> String? {
            defer { position += 1 }
            guard let text = values[position], !text.isEmpty else { return nil }
            return text
        }
        func number() -> Int { next().flatMap { Int($0) } ?? 0 }
        func time() -> Int64? { next().flatMap { Int64($0) }.flatMap { $0 == 0 ? nil : $0 } }

        guard let state = next().flatMap(SessionState.init(rawValue:)) else { return nil }
        self.id = id
        self.state = state
        request = SessionRequest(
            owner: PersonName(recorded: next() ?? ""), machine: next() ?? "", cpu: number(), memoryMiB: number(),
            diskGiB: number(),
            lifetimeSeconds: number(), oneShot: next() == "1")
        job = next().flatMap { JobID($0) }
        host = next()
        fence = number()
        attempt = number()
        step = next().flatMap(SessionStep.init(rawValue:))
        waitingFor = next()
        reason = next().flatMap(EndReason.init(rawValue:))
        detail = next()
        stopRequested = next() == "stopped"
        displayReady = next() == "ready"
        displayURL = next()
        accelerator = next()
        createdAt = time() ?? 0
        startedAt = time()
        expiresAt = time()
        endedAt = time()
        mail = next()
        revision = number()
        request.email = next()
    }
}
