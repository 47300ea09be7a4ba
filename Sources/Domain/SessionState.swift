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
}
