import Glibc
import NIOCore
import Synchronization

/// One connection: what it is at, and since when.
///
/// Its channel handlers tell it what happens on the wire; ``ConnectionTable`` judges it. Nothing here waits or closes by
/// itself, so no connection needs a timer.
final class Connection: Sendable {
    enum Phase: Sendable, Hashable {
        /// Between two requests.
        case idle
        /// Before the end of a request's head; a new connection is here too.
        case head
        /// Inside a request's body.
        case body
        /// A request is being answered.
        case answer
        /// A request is being answered by events.
        case stream
        /// All is answered, and the other end has to close.
        case closing
    }

    private struct State {
        var phase = Phase.head
        var since: ContinuousClock.Instant
        /// The last byte that came or went.
        var progress: ContinuousClock.Instant
        /// Requests whose answer has not ended. A client may send several at once.
        var open = 0
        var isInBody = false
        var isStream = false
        /// Bytes of answers that the system has not taken.
        var unsent = 0
        /// Whether bytes would be read if there were any. If not, it is we who make the client wait.
        var isReading = true

        mutating func enter(_ phase: Phase, at now: ContinuousClock.Instant) {
            self.phase = phase
            since = now
            progress = now
        }
    }

    /// What is counted for: an address as of ``ClientAddress/throttleKey``.
    let key: String
    private let channel: (any Channel)?
    private let state: Mutex<State>

    init(key: String, channel: (any Channel)?, now: ContinuousClock.Instant = .now) {
        self.key = key
        self.channel = channel
        state = Mutex(State(since: now, progress: now))
    }

    var phase: Phase { state.withLock { $0.phase } }

    /// Since when the client keeps us waiting, or nil if it does not. Streams wait for nobody.
    func waits(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        state.withLock { state in
            switch state.phase {
            case .idle, .head, .closing: return state.since
            case .body where !state.isReading, .answer where state.unsent == 0, .stream: return nil
            case .body, .answer:
                // What moved within the last second is on its way.
                return state.progress.duration(to: now) > .seconds(1) ? state.progress : nil
            }
        }
    }

    /// Whether a limit of time is over.
    func isOverdue(at now: ContinuousClock.Instant, _ limits: ConnectionLimits) -> Bool {
        state.withLock { state in
            let age = state.since.duration(to: now)
            let stalled = state.progress.duration(to: now) > limits.stall
            switch state.phase {
            case .idle: return age > limits.idle
            case .head: return age > limits.head
            case .body: return age > limits.body || (stalled && state.isReading)
            case .answer: return age > limits.answer || (stalled && state.unsent > 0)
            case .stream: return age > limits.stream || (stalled && state.unsent > 0)
            case .closing: return age > limits.closing
            }
        }
    }

    /// Closes the connection at once, without TLS's farewell: the other end does not listen.
    ///
    /// What it does not read is thrown away, and it is told so by a reset. Else the system would keep that, with the
    /// connection, for as long as the other end says that it is busy.
    func end() {
        guard let channel else { return }
        let isUnread = state.withLock { $0.unsent > 0 }
        channel.eventLoop.execute {
            if isUnread {
                _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            let operations = channel.pipeline.syncOperations
            if let context = try? operations.context(handlerType: ConnectionHandler.self) {
                context.close(mode: .all, promise: nil)
            } else {
                // The pipeline is gone, or not there yet.
                channel.close(mode: .all, promise: nil)
            }
        }
    }

    // What handlers tell.

    func wantsBytes(_ wants: Bool, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            if wants, !state.isReading { state.progress = now }
            state.isReading = wants
        }
    }

    func received(at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.progress = now
            if state.phase == .idle { state.enter(.head, at: now) }
        }
    }

    func willSend(_ bytes: Int, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            if state.unsent == 0 { state.progress = now }
            state.unsent += bytes
        }
    }

    func sent(_ bytes: Int, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.progress = now
            state.unsent -= bytes
        }
    }

    func headEnded(at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.open += 1
            state.isInBody = true
            state.isStream = false
            state.enter(.body, at: now)
        }
    }

    func requestEnded(at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.isInBody = false
            Self.settle(&state, at: now)
        }
    }

    func answerBegan(isStream: Bool) {
        state.withLock { state in
            state.isStream = isStream
            if isStream, state.phase == .answer { state.phase = .stream }
        }
    }

    func answerEnded(at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.open = max(0, state.open - 1)
            state.isStream = false
            // Else the client still owes the rest of a body that nobody wants.
            if !state.isInBody { Self.settle(&state, at: now) }
        }
    }

    func closes(at now: ContinuousClock.Instant = .now) {
        state.withLock { $0.enter(.closing, at: now) }
    }

    private static func settle(_ state: inout State, at now: ContinuousClock.Instant) {
        if state.phase == .closing { return }
        state.enter(state.open == 0 ? .idle : state.isStream ? .stream : .answer, at: now)
    }
}
