internal import NIOCore

/// Does the input and output that ``ConnectionState`` asks for. Lives on the event loop of its channel.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the owner of a connection is told, on the event loop.
    struct Events: Sendable {
        var pushed: @Sendable (RedisValue) -> Void = { _ in }
        var closed: @Sendable (RedisError) -> Void = { _ in }
    }

    private let address: RedisAddress
    private let timeout: TimeAmount
    private let eventLoop: any EventLoop
    private let intake: CommandIntake
    private let events: Events
    private let closed: EventLoopPromise<Void>
    private var state: ConnectionState<CommandIntake.Waiter>
    private var reader = RESPReader()
    private var context: ChannelHandlerContext?
    private var failure: (any Error)?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(
        address: RedisAddress, timeout: TimeAmount, isSubscriber: Bool, eventLoop: any EventLoop, intake: CommandIntake,
        events: Events, closed: EventLoopPromise<Void>
    ) {
        self.address = address
        self.timeout = timeout
        self.eventLoop = eventLoop
        self.intake = intake
        self.events = events
        self.closed = closed
        state = ConnectionState(address: address, pulse: isSubscriber ? timeout : nil)
    }

    // MARK: From the owner

    func sendNewCommands() {
        let batch = intake.take()
        guard batch.bytes.readableBytes > 0 else { return }
        perform(state.submit(batch.bytes, batch.commands))
        armTimer()
    }

    func connectFailed(_ error: any Error) {
        close(RedisError(connecting: error, address: address))
    }

    /// Refuses new commands, ends after the replies to the old ones.
    func finish(_ error: RedisError) {
        sendNewCommands()
        perform(state.finish(error))
    }

    func close(_ error: RedisError) {
        sendNewCommands()
        perform(state.close(error))
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        // Closed by the owner before there was a socket.
        guard state.closed == nil else { return context.close(promise: nil) }
        var greeting = ByteBuffer()
        let commands = address.greeting
        for command in commands { RESPWriter.write(command, into: &greeting) }
        let now = NIODeadline.now()
        perform(state.connected(greeting: greeting, replies: commands.count, at: now, deadline: now + timeout))
        armTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { reader.feed($0) }
        do {
            while state.closed == nil, let reply = try reader.next() {
                perform(state.received(reply, at: .now()))
            }
            armTimer()
        } catch {
            close(RedisError(.unavailable, "this is not Redis' protocol: \(error.detail)", address: address))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let detail =
            failure.map { error in
                "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                    ? "its certificate is not accepted: look at ca= in redis.url, at the certificate's dates and names, and at this host's clock"
                    : "the connection was lost: \(error)"
            } ?? "the server closed the connection"
        close(RedisError(.unavailable, detail, address: address, cause: failure))
    }

    // MARK: Actions

    private func perform(_ action: ConnectionState<CommandIntake.Waiter>.Action) {
        switch action {
        case .nothing:
            break
        case .write(let bytes):
            context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .answer(let waiter, let reply):
            waiter.resume(returning: .success(reply))
        case .push(let message):
            events.pushed(message)
        case .answerAndClose(let waiter, let reply):
            end()
            waiter.resume(returning: .success(reply))
        case .close(let failures):
            // First, so that a waiter that tries again at once is not given to this connection.
            end()
            for (waiter, error) in failures { waiter.resume(returning: .failure(error)) }
        case .fail(let failures):
            for (waiter, error) in failures { waiter.resume(returning: .failure(error)) }
        }
    }

    /// Runs once, when the state has become closed.
    private func end() {
        guard let error = state.closed else { preconditionFailure("still open") }
        timer?.task.cancel()
        timer = nil
        intake.close(error)
        // Commands that came in between the last look and the refusal.
        sendNewCommands()
        context?.close(promise: nil)
        events.closed(error)
        closed.succeed()
    }

    /// One timer for all: it is set for the oldest command and looks again when it fires.
    private func armTimer() {
        guard let deadline = state.deadline else { return }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.perform(self.state.expired(at: .now()))
            self.armTimer()
        }
        timer = (deadline, task)
    }
}

extension RedisAddress {
    /// The commands that sign in.
    var greeting: [[String]] {
        var commands: [[String]] = []
        if let password { commands.append(["AUTH"] + [user, password.text].compactMap { $0 }) }
        if database != 0 { commands.append(["SELECT", String(database)]) }
        return commands
    }
}
