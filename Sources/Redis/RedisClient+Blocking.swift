internal import NIOCore
internal import Synchronization

extension RedisClient {
    /// Sends a command that waits at the server (`BZPOPMIN key 5`), on a connection of its own.
    ///
    /// When the task is cancelled, the connection closes at once and the server stops waiting. A reply that was on its
    /// way then is lost, so nothing that must not be lost should be taken like that.
    /// - Parameter timeout: How long the command itself waits, as its own arguments say: nothing is added to them. The
    ///   reply may take the client's `commandTimeout` longer.
    /// - Throws: `RedisError` as ``send(_:)`` does, and `.cancelled`.
    package func block(_ command: [String], for timeout: Duration) async throws(RedisError) -> RedisValue {
        let deadline = NIODeadline.now() + TimeAmount(timeout) + transport.timeout
        let (connection, isNew) = try blocking.take()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                if let refusal = connection.send([command], .init(waiter: waiter, pipelined: nil, deadline: deadline)) {
                    waiter.resume(returning: .failure(refusal))
                } else if isNew {
                    connection.open()
                }
            }
        } onCancel: {
            connection.close(RedisError(.cancelled, "the wait was cancelled", address: address))
        }
        blocking.giveBack(connection)
        let reply = try result.get()
        if case .error(let text) = reply { throw RedisError(reply: text, address: address) }
        return reply
    }
}

/// The connections of one client that block. As many as there are commands; those of a farm in one
/// process stay for the next ones.
final class BlockingConnections: Sendable {
    private static let idleLimit = 256

    private struct State {
        var idle: [RedisConnection] = []
        var busy: [ObjectIdentifier: RedisConnection] = [:]
        var refusal: RedisError?
    }

    private let transport: RedisTransport
    private let state = Mutex(State())

    init(transport: RedisTransport) {
        self.transport = transport
    }

    func take() throws(RedisError) -> (connection: RedisConnection, isNew: Bool) {
        try state.withLock { state throws(RedisError) in
            if let refusal = state.refusal { throw refusal }
            state.idle.removeAll { $0.isClosed }
            let known = state.idle.popLast()
            let connection = known ?? RedisConnection(transport: transport)
            state.busy[ObjectIdentifier(connection)] = connection
            return (connection, known == nil)
        }
    }

    func giveBack(_ connection: RedisConnection) {
        state.withLock { state in
            state.busy[ObjectIdentifier(connection)] = nil
            if state.refusal == nil, state.idle.count < BlockingConnections.idleLimit, !connection.isClosed {
                state.idle.append(connection)
            }
        }
    }

    func close(_ error: RedisError) {
        let connections = state.withLock { state in
            state.refusal = error
            defer { state.idle = [] }
            return state.idle + state.busy.values
        }
        for connection in connections { connection.close(error) }
    }
}
