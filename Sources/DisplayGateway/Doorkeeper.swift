import Glibc
import NIOCore
import NIOPosix
import NIOWebSocket

/// Reads the head of a connection's only request, decides, and then either answers and ends the connection, or joins it to
/// the display and leaves the pipeline.
///
/// What comes before the decision costs a few kilobytes and one descriptor, whoever sends it.
final class Doorkeeper: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let options: GatewayOptions
    private let admissions: Admissions
    private let id: ConnectionTable.ID
    private var received = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDecided = false
    private var scan = HeadScan()

    init(options: GatewayOptions, admissions: Admissions, id: ConnectionTable.ID) {
        self.options = options
        self.admissions = admissions
        self.id = id
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let time = TimeAmount(options.limits.headTime)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            answer(.tooSlow, loopBound.value)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        if isDecided { return }
        guard let end = scan.end(of: received.readableBytesView) else {
            if received.readableBytes > options.limits.headBytes { answer(.tooLong, context) }
            return
        }
        guard end <= options.limits.headBytes, let bytes = received.readBytes(length: end) else {
            return answer(.tooLong, context)
        }
        received.moveReaderIndex(forwardBy: 4)
        do throws(RequestHead.Malformed) {
            let head = try RequestHead(bytes)
            switch Decision(head, options: options) {
            case .answer(let found): answer(found, context)
            case .open(let token, let socket, let accept):
                guard admissions.promote(id, context.channel, head: head, token: token) else {
                    return answer(.tooMany, context)
                }
                decided(context)
                connect(socket, accept: accept, until: .now() + Self.patience, context)
            }
        } catch {
            answer(.malformed, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that fails, or a connection that breaks: nobody is left who could be told.
        context.close(promise: nil)
    }

    private func decided(_ context: ChannelHandlerContext) {
        isDecided = true
        deadline?.cancel()
        // What comes now waits in the kernel.
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    private func answer(_ answer: Answer, _ context: ChannelHandlerContext) {
        if isDecided { return }
        decided(context)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer.bytes))).whenComplete { _ in
            channel.close(promise: nil)
        }
        // Who does not read the answer is not waited for.
        channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }

    /// Longest wait for a display whose queue is full: QEMU's has one place, and takes the next viewer some milliseconds later.
    private static let patience = TimeAmount.seconds(5)

    private func connect(
        _ socket: String, accept: String, until deadline: NIODeadline, _ context: ChannelHandlerContext
    ) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // On the same loop, so that both sides of the relay may call each other.
        ClientBootstrap(group: context.eventLoop)
            .connectTimeout(.seconds(5))
            .channelOption(.autoRead, value: false)
            .connect(unixDomainSocketPath: socket)
            .assumeIsolated().whenComplete { [self] result in
                let context = loopBound.value
                switch result {
                case .success(let display) where context.channel.isActive: join(display, accept: accept, context)
                case .success(let display): display.close(promise: nil)
                case .failure(let error as IOError)
                where error.errnoCode == EAGAIN && context.channel.isActive && .now() < deadline:
                    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [self] in
                        connect(socket, accept: accept, until: deadline, loopBound.value)
                    }
                case .failure:
                    isDecided = false
                    answer(.unreachable, context)
                }
            }
    }

    private func join(_ display: any Channel, accept: String, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let viewer = ViewerRelay(display: display, limits: options.limits)
        do {
            try display.pipeline.syncOperations.addHandler(DisplayRelay(viewer: viewer, channel: channel))
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Answer.switching(accept: accept))), promise: nil)
            try channel.pipeline.syncOperations.addHandlers([
                WebSocketFrameEncoder(),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: options.limits.frameBytes)), viewer,
            ])
        } catch {
            display.close(promise: nil)
            channel.close(promise: nil)
            return
        }
        if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        for side in [channel, display] { side.setOption(.autoRead, value: true).whenFailure { _ in } }
    }
}
