internal import NIOCore
internal import NIOPosix

/// One connection. It takes commands at once, even before it is open, and once closed stays closed.
///
/// Closes when nobody refers to it any more.
final class RedisConnection: Sendable {
    let eventLoop: any EventLoop
    private let transport: RedisTransport
    private let intake = CommandIntake()
    private let handler: NIOLoopBoundBox<RedisChannelHandler>
    private let closed: EventLoopFuture<Void>

    init(transport: RedisTransport, isSubscriber: Bool = false, events: RedisChannelHandler.Events = .init()) {
        self.transport = transport
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Void.self)
        closed = promise.futureResult
        handler = .makeBoxSendingValue(
            RedisChannelHandler(
                address: transport.address, timeout: transport.timeout, isSubscriber: isSubscriber,
                eventLoop: eventLoop,
                intake: intake, events: events, closed: promise),
            eventLoop: eventLoop)
    }

    deinit {
        close(RedisError(.shuttingDown, "the client is gone", address: transport.address))
    }

    var isClosed: Bool { intake.isClosed }

    /// Called once. Failures reach the waiters and `events`, but not before this has returned: NIO may report one at once
    /// when asked on its own thread, and callers hold locks.
    func open() {
        let (eventLoop, transport, handler) = (eventLoop, transport, handler)
        eventLoop.execute {
            transport.connect(on: eventLoop, handler: handler).whenFailure { handler.value.connectFailed($0) }
        }
    }

    /// Sends commands in one piece, in the order of the calls.
    ///
    /// - Returns: Nil if `waiter` will be resumed, else why nothing was or will be sent.
    func send(_ commands: [[String]], _ waiter: CommandIntake.Command?) -> RedisError? {
        switch intake.add(commands, waiter) {
        case .accepted:
            return nil
        case .acceptedFirst:
            let handler = handler
            eventLoop.execute { handler.value.sendNewCommands() }
            return nil
        case .refused(let error):
            return error
        }
    }

    /// Fails every waiting command and closes the socket.
    func close(_ error: RedisError) {
        intake.close(error)
        let handler = handler
        eventLoop.execute { handler.value.close(error) }
    }

    /// Refuses new commands, returns when the old ones have their replies and the connection is closed.
    func finish(_ error: RedisError) async {
        intake.close(error)
        let handler = handler
        eventLoop.execute { handler.value.finish(error) }
        // It can not fail: the handler only ever succeeds it.
        try? await closed.get()
    }
}
