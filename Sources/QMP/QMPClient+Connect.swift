import Glibc
package import Logging
import NIOCore
import NIOPosix

extension QMPClient {
    /// Connects to the socket on which QEMU listens and returns when commands may be sent.
    ///
    /// A cancellation or a failure leaves no connection behind.
    /// - Parameters:
    ///   - path: At most 107 bytes, the limit of Unix sockets (unix(7)).
    ///   - deadline: For all of it: connection, greeting, negotiation. QEMU lets a second client wait without a word.
    package static func connect(
        to path: String, deadline: Duration = .seconds(10), logger: Logger
    ) async throws(QMPError) -> QMPClient {
        guard path.utf8.count < 108 else {
            throw QMPError(.connect, "\(path): a socket's path has at most 107 bytes")
        }
        return try await open(path, deadline: deadline, logger: logger) { bootstrap, initializer in
            try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initializer)
        }
    }

    /// The same on a connected stream socket, which belongs to the client from the call on, also if it throws.
    package static func connect(
        descriptor: CInt, deadline: Duration = .seconds(10), logger: Logger
    ) async throws(QMPError) -> QMPClient {
        // NIO stops the process on a descriptor that isn't a socket.
        var type: CInt = 0
        var size = socklen_t(MemoryLayout.size(ofValue: type))
        guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw QMPError(.connect, "descriptor \(descriptor): \(reason)")
        }
        return try await open("descriptor \(descriptor)", deadline: deadline, logger: logger) {
            bootstrap, initializer in
            try await bootstrap.withConnectedSocket(descriptor, channelInitializer: initializer)
        }
    }

    private struct Connection: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<QMPHandler>
        let ready: EventLoopFuture<QMPGreeting>
    }

    private typealias Initializer = @Sendable (any Channel) -> EventLoopFuture<Connection>

    private static func open(
        _ place: String, deadline: Duration, logger: Logger,
        connect: (ClientBootstrap, @escaping Initializer) async throws -> Connection
    ) async throws(QMPError) -> QMPClient {
        let (events, continuation) = AsyncStream.makeStream(
            of: QMPEvent.self, bufferingPolicy: .bufferingNewest(EventBuffer.capacity))
        let ending = EndingRecord()
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(TimeAmount(deadline))
        let connection: Connection
        do {
            connection = try await connect(bootstrap) { channel in
                let loop = channel.eventLoop
                return loop.makeCompletedFuture {
                    let ready = loop.makePromise(of: QMPGreeting.self)
                    let handler = QMPHandler(
                        loop: loop, events: EventBuffer(continuation, logger: logger), ending: ending, ready: ready,
                        logger: logger)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    handler.startHandshake(deadline: deadline)
                    return Connection(
                        channel: channel, handler: NIOLoopBound(handler, eventLoop: loop), ready: ready.futureResult)
                }
            }
        } catch {
            throw QMPError(.connect, "\(place): no connection", cause: error)
        }
        let greeting: QMPGreeting
        do {
            greeting = try await withTaskCancellationHandler {
                try await connection.ready.get()
            } onCancel: {
                connection.channel.eventLoop.execute {
                    connection.handler.value.end(
                        .failure(QMPError(.cancelled, "\(place): the connecting was cancelled")))
                }
            }
        } catch let error as QMPError {
            throw QMPError(error.code, "\(place): \(error.detail)", cause: error.cause)
        } catch {
            throw QMPError(.connect, "\(place): no connection", cause: error)
        }
        return QMPClient(
            greeting: greeting, events: events, channel: connection.channel, handler: connection.handler,
            ending: ending)
    }
}
