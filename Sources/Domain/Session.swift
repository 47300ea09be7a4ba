/// A session as the queue knows it: one `qwd:session:<sid>` hash. Times are milliseconds since the epoch.
package struct Session: Sendable, Hashable, Identifiable {
    package let id: SessionID
    package var state: SessionState
    package var request: SessionRequest
    /// The job that creates it.
    package var job: JobID?
    /// Id of the host that it is placed on.
    package var host: String?
    /// What people call that host.
    package var hostName: String?
    /// Number of the claim that owns it. A higher one makes every earlier owner stale.
    package var fence: Int
    package var attempt: Int
    package var step: SessionStep?
    package var reason: EndReason?
    /// More about the reason or the state: of a worker in words a person can act on, of the queue a code and what it is about
    /// (`host-silent:desk2`).
    package var detail: String?
    /// Whether somebody asked to stop it.
    package var stopRequested: Bool
    /// Whether the display can be opened.
    package var displayReady: Bool
    /// Where viewers of this session connect: the URL the host's worker publishes, without token.
    package var displayURL: String?
    package var accelerator: String?
    package var desktop = Desktop.there
    /// What came of its boot scripts, as they came.
    package var scripts: [BootScriptResult] = []
    /// The directories of its host that it has, or why not.
    package var folders: [SessionFolder] = []
    package var createdAt: Int64
    package var startedAt: Int64?
    package var expiresAt: Int64?
    package var endedAt: Int64?
    /// What became of the mail about it: `sent`, or why not, in words for a person. Nil if there is none, or not yet.
    package var mail: String?
    /// Grows by one with every change.
    package var revision: Int

    /// Whether there is more to see than that the machine starts.
    package enum Desktop: Sendable, Hashable {
        /// It is there, or nothing tells when it is.
        case there
        /// It comes, and how long after its start it did the last time on this host.
        case comes(usually: Duration?)
    }

    package init(id: SessionID, state: SessionState, request: SessionRequest) {
        self.id = id
        self.state = state
        self.request = request
        fence = 0
        attempt = 0
        stopRequested = false
        displayReady = false
        createdAt = 0
        revision = 0
    }
}
