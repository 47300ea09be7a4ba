package import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// A client of one Redis server.
///
/// Three kinds of connections, each opened at first use:
/// - one for commands, shared and pipelined (``send(_:)``);
/// - one for all subscriptions, which opens itself again (``subscribe(_:)``);
/// - a few for commands that block at the server (``block(_:for:)``).
///
/// **Lost connections.** Commands that wait for a reply then fail with `.unavailable`, and the next command connects
/// again. Nothing is ever sent twice: whether a lost command was executed is unknown, so only its caller can know if it
/// may be repeated. There is no back-off between commands either: without a server, each fails as soon as that is known.
///
/// **Silence.** A command without a reply after `commandTimeout` fails with `.timedOut` and takes the connection with
/// it, because replies behind it can not be told apart any more.
///
/// **Cancellation.** Only ``block(_:for:)`` ends early when its task is cancelled. The others are over soon in any case,
/// and cleaning up after a cancellation needs them.
package final class RedisClient: Service, Sendable {
    private enum Shared {
        case none
        /// Perhaps closed by now; then it refuses the next command and is replaced.
        case some(RedisConnection)
        case closed
    }

    let transport: RedisTransport
    let blocking: BlockingConnections
    let subscriptions: Subscriptions
    private let shared = Mutex(Shared.none)
    private let logger: Logger

    var address: RedisAddress { transport.address }

    /// - Parameter commandTimeout: Longest wait for a connection, and for each reply.
    package init(address: RedisAddress, commandTimeout: Duration = .seconds(10), logger: Logger) {
        var logger = logger
        logger[metadataKey: "redis.address"] = "\(address)"
        self.logger = logger
        transport = RedisTransport(address: address, timeout: commandTimeout)
        blocking = BlockingConnections(transport: transport)
        subscriptions = Subscriptions(transport: transport, logger: logger)
    }

    /// Sends a command and returns its reply.
    ///
    /// Commands of concurrent callers share one connection and, where they meet, one write. Commands of one task are
    /// executed in their order.
    package func send(_ command: [String]) async throws(RedisError) -> RedisValue {
        try await reply(to: [command], pipelined: nil)
    }

    /// Sends all commands at once and returns their replies in order, error replies as `.error`.
    ///
    /// This is no transaction: commands of others may run between.
    package func send(pipeline commands: [[String]]) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        return try await reply(to: commands, pipelined: commands.count).array ?? []
    }

    /// Stays until graceful shutdown or cancellation, then closes the client.
    package func run() async throws {
        // A cancellation ends the client as well as a graceful shutdown does.
        try? await gracefulShutdown()
        await close()
    }

    /// Refuses further commands with `.shuttingDown`, waits for the replies to those under way, closes all connections.
    /// Blocking commands fail at once and streams end.
    package func close() async {
        let error = RedisError(.shuttingDown, "the client is closed", address: address)
        let last = shared.withLock { shared in
            defer { shared = .closed }
            return shared
        }
        blocking.close(error)
        subscriptions.close(error)
        if case .some(let connection) = last { await connection.finish(error) }
        logger.debug("Redis client closed")
    }
}

extension RedisClient {
    private func reply(to commands: [[String]], pipelined: Int?) async throws(RedisError) -> RedisValue {
        let deadline = NIODeadline.now() + transport.timeout
        let result = await withCheckedContinuation { waiter in
            send(commands, .init(waiter: waiter, pipelined: pipelined, deadline: deadline))
        }
        let reply = try result.get()
        if case .error(let text) = reply { throw RedisError(reply: text, address: address) }
        return reply
    }

    /// Gives the commands to the shared connection, or to a new one if that is closed.
    private func send(_ commands: [[String]], _ waiter: CommandIntake.Command) {
        // All in the lock, so that concurrent callers open one connection and not one each.
        let refusal: RedisError? = shared.withLock { shared in
            switch shared {
            case .some(let connection):
                if connection.send(commands, waiter) == nil { return nil }
            case .none:
                break
            case .closed:
                return RedisError(.shuttingDown, "the client is closed", address: address)
            }
            let connection = RedisConnection(transport: transport)
            shared = .some(connection)
            defer { connection.open() }
            return connection.send(commands, waiter)
        }
        if let refusal { waiter.waiter.resume(returning: .failure(refusal)) }
    }
}
