/// Where a job stands. `dead` is left only when an administrator asks for another try.
package enum JobState: String, Sendable, CaseIterable {
    case waiting, running, later, done, dead, cancelled

    /// The states that may follow this one.
    package var successors: Set<JobState> {
        switch self {
        case .waiting: [.running, .cancelled]
        case .running: [.done, .later, .waiting, .dead, .cancelled]
        case .later: [.waiting, .cancelled]
        case .dead: [.waiting]
        case .done, .cancelled: []
        }
    }
}

/// What a job asks of a worker.
package enum JobKind: String, Sendable, CaseIterable {
    case create, stop
    /// A mail to hand over; done by whoever has the mail server's address, not by a host.
    case mail
    case loadCheck = "load-check"
    /// A machine that belongs to no session becomes the one that it was, or ends.
    case takeStray = "take-stray"
    case endStray = "end-stray"
}

/// How a job failed, which decides whether it is tried again.
package enum FailureClass: String, Sendable {
    /// The host has no room after all: back to the queue, no attempt is counted.
    case noRoom = "no-room"
    /// Another try may succeed.
    case transient
    /// No try will ever succeed.
    case permanent
}
