package import Domain
import Redis

/// What can go wrong with the queue.
package struct QueueError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Redis can't be reached, does not take writes now or did not answer in time. Nothing is known of the call's effect;
        /// every call may be repeated.
        case unavailable
        /// The transition is none of the state machine's edges, or its subject does not exist.
        case refused
        /// Another worker acts for this host.
        case taken
        /// The request is past one of its owner's limits.
        case limit(LimitExceeded)
        /// No host of the farm could ever run it.
        case tooBig(Resource, largest: Int)
        /// Redis answered something this version does not understand.
        case unexpected
    }

    package var code: Code
    package var detail: String
    package var cause: (any Error)?

    package init(_ code: Code, _ detail: String, cause: (any Error)? = nil) {
        self.code = code
        self.detail = detail
        self.cause = cause
    }

    package var description: String { detail }

    /// Whether this process has closed its connection: then no further call will do better.
    package var isClosed: Bool { (cause as? RedisError)?.code == .shuttingDown }
}
