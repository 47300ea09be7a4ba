import FoundationEssentials
import Logging
import NIOCore
import Synchronization

/// Carries out what `QMPStateMachine` decides: bytes, timers and continuations of one connection, all on its event loop.
final class QMPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Reply = CheckedContinuation<Result<Data, QMPError>, Never>

    private struct Waiter {
        let reply: Reply
        let timeout: Scheduled<Void>

        func resume(_ result: Result<Data, QMPError>) {
            timeout.cancel()
            reply.resume(returning: result)
        }
    }

    /// What a `Quit` gets whose reply was lost because QEMU was faster to end than to answer.
    private static let emptyReply = Data(#"{"return": {}}"#.utf8)

    private let loop: any EventLoop
    private let logger: Logger
    private let ready: EventLoopPromise<QMPGreeting>
    private let ending: EndingRecord
    private let decoder = JSONDecoder()
    private var events: EventBuffer
    private var splitter: LineSplitter
    private var machine = QMPStateMachine<Waiter>()
    private var context: ChannelHandlerContext?
    private var handshakeTimeout: Scheduled<Void>?
    private var socketError: (any Error)?

    init(
        loop: any EventLoop, events: EventBuffer, ending: EndingRecord, ready: EventLoopPromise<QMPGreeting>,
        logger: Logger, lineLimit: Int = LineSplitter.defaultLimit
    ) {
        self.loop = loop
        self.events = events
        self.ending = ending
        self.ready = ready
        self.logger = logger
        splitter = LineSplitter(limit: lineLimit)
    }

    // MARK: Commands

    func startHandshake(deadline: Duration) {
        handshakeTimeout = loop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) {
            guard let wait = self.machine.handshakeWait else { return }
            self.end(.failure(QMPError(.timedOut, "\(wait) within \(deadline)")))
        }
    }

    func send(_ request: Request, timeout: Duration, reply: Reply) {
        let timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            self.abandon(request.id, because: QMPError(.timedOut, "\(request.command): no answer within \(timeout)"))
        }
        let waiter = Waiter(reply: reply, timeout: timer)
        switch machine.send(request, waiter: waiter) {
        case .write: write(request)
        case .refuse(let error): waiter.resume(.failure(error))
        }
    }

    /// Nobody waits any more; what QEMU answers is passed over. Nothing happens if the answer was faster.
    func abandon(_ id: UInt64, because error: QMPError) {
        machine.abandon(id)?.resume(.failure(error))
    }

    /// Ends the connection and tells everyone who waits. Only the first call counts.
    func end(_ cause: EndCause) {
        guard let action = machine.end(cause) else { return }
        handshakeTimeout?.cancel()
        // Before the events finish: who has read the last one may ask for the ending.
        ending.set(action.ending)
        for waiter in action.succeeded { waiter.resume(.success(Self.emptyReply)) }
        for (waiter, error) in action.failed { waiter.resume(.failure(error)) }
        events.finish()
        if let error = action.handshake { ready.fail(error) }
        context?.close(promise: nil)
    }

    private func write(_ request: Request) {
        guard let context else { return }
        logger.trace("QMP command", metadata: ["qmp.command": "\(request.command)", "qmp.id": "\(request.id)"])
        let bytes = context.channel.allocator.buffer(bytes: request.line)
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenFailure { error in
            // The end of the connection follows and tells the waiters; this is only its cause.
            self.socketError = self.socketError ?? error
        }
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // Also the way out of a channel that never became active.
        end(.endOfStream(socketError))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        splitter.append(unwrapInboundIn(data))
        do throws(QMPError) {
            while !machine.hasEnded, let line = try splitter.next() {
                try receive(line)
            }
        } catch {
            end(.failure(error))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.endOfStream(socketError))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        socketError = socketError ?? error
        context.close(promise: nil)
    }

    private func receive(_ line: Data) throws(QMPError) {
        let message: Message
        do throws(QMPError) {
            message = try Message(line: line, decoder: decoder)
        } catch {
            // Before the greeting it means that something else listens there.
            guard machine.handshakeWait != nil else { throw error }
            throw QMPError(.greeting, "no QMP server listens there", cause: error)
        }
        switch machine.receive(message) {
        case .negotiate:
            write(try Request(Capabilities(), id: Request.capabilitiesID))
        case .ready(let greeting):
            handshakeTimeout?.cancel()
            ready.succeed(greeting)
        case .succeed(let waiter):
            waiter.resume(.success(line))
        case .fail(let waiter, let error):
            waiter.resume(.failure(error))
        case .deliver(let event):
            events.add(event)
        case .ignore:
            logger.debug("QMP reply that nobody waits for")
        case .abort(let error):
            throw error
        }
    }
}

/// How the connection ended: written once on its event loop, read from anywhere.
final class EndingRecord: Sendable {
    private let ending = Mutex<QMPEnding?>(nil)

    var value: QMPEnding? { ending.withLock { $0 } }

    func set(_ value: QMPEnding) {
        ending.withLock { $0 = value }
    }
}
