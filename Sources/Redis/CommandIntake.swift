internal import NIOCore
internal import Synchronization

/// Commands on their way from their callers to the event loop of a connection.
///
/// Callers on many threads write into one buffer, and the event loop takes all of it at once: however many commands came
/// in meanwhile, that is one wake-up and one write to the socket.
final class CommandIntake: Sendable {
    typealias Waiter = CheckedContinuation<Result<RedisValue, RedisError>, Never>
    typealias Command = ConnectionState<Waiter>.Command

    struct Batch {
        var bytes = ByteBuffer()
        var commands: [Command] = []
    }

    enum Answer {
        case accepted
        /// The caller has to see that the event loop calls ``take()``.
        case acceptedFirst
        /// Nothing was or will be sent.
        case refused(RedisError)
    }

    private struct State {
        var batch = Batch()
        var isScheduled = false
        var refusal: RedisError?
    }

    private let state = Mutex(State())

    /// - Parameter command: Nil if nobody waits for a reply (subscriptions).
    func add(_ commands: [[String]], _ command: Command?) -> Answer {
        state.withLock { state in
            if let refusal = state.refusal { return .refused(refusal) }
            for command in commands { RESPWriter.write(command, into: &state.batch.bytes) }
            if let command { state.batch.commands.append(command) }
            if state.isScheduled { return .accepted }
            state.isScheduled = true
            return .acceptedFirst
        }
    }

    func take() -> Batch {
        state.withLock { state in
            state.isScheduled = false
            defer { state.batch = Batch() }
            return state.batch
        }
    }

    var isClosed: Bool { state.withLock { $0.refusal != nil } }

    /// Accepts no more commands. The first reason stays.
    func close(_ error: RedisError) {
        state.withLock { $0.refusal = $0.refusal ?? error }
    }
}
