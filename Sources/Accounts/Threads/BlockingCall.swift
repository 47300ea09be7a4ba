import Synchronization

/// What work on a ``BlockingPool`` knows about the one who waits for it.
final class BlockingCall: Sendable {
    private struct State {
        var isAbandoned = false
        var interrupt: (@Sendable () -> Void)?
    }

    /// When the caller goes on without a result; for the timeouts of libraries.
    let deadline: ContinuousClock.Instant
    private let state = Mutex(State())

    init(deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    /// Runs `interrupt` when the caller has gone, on another thread: it ends a library's call that has no end of its own.
    func whenAbandoned(_ interrupt: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.interrupt = interrupt
            return state.isAbandoned
        }
        if isLate { interrupt() }
    }

    func abandon() {
        let interrupt = state.withLock { state in
            state.isAbandoned = true
            return state.interrupt
        }
        interrupt?()
    }
}
