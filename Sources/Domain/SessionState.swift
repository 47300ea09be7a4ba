/// Where a session stands. The edges are the whole state machine; the queue's scripts refuse any other.
package enum SessionState: String, Sendable, CaseIterable {
    case queued, starting, running, stopping, lost, ended

    /// The states that may follow this one.
    package var successors: Set<SessionState> {
        switch self {
        case .queued: [.starting, .ended]
        case .starting: [.running, .queued, .ended]
        case .running: [.stopping, .lost, .ended]
        case .stopping: [.ended]
        case .lost: [.running, .ended]
        case .ended: []
        }
    }

    /// Whether the session holds a host's memory and processors.
    package var holdsCapacity: Bool {
        switch self {
        case .starting, .running, .stopping, .lost: true
        case .queued, .ended: false
        }
    }
}

/// Why a session ended.
package enum EndReason: String, Sendable, CaseIterable {
    case stopped, expired, failed, crashed, lost, cancelled, admin
    case poweredOff = "powered-off"
    case viewerLeft = "viewer-left"

    /// A sentence for the person whose session it was.
    package var sentence: String {
        switch self {
        case .stopped: "It was stopped."
        case .expired: "Its life-time was over."
        case .poweredOff: "The machine was shut down from inside."
        case .viewerLeft: "The viewer of this one-shot session left."
        case .failed: "It could not be started."
        case .crashed: "The machine ended unexpectedly."
        case .lost: "Its host was restarted or went away."
        case .cancelled: "It was cancelled before it started."
        case .admin: "An administrator stopped it."
        }
    }
}
