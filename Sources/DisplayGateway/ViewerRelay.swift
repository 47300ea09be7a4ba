import NIOCore
import NIOWebSocket

/// The viewer's side of a display: takes the bytes out of its frames, and puts what the display says into frames.
///
/// Neither side is read while the other one takes nothing, so a slow reader costs a bounded amount of memory.
final class ViewerRelay: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private var display: (any Channel)?
    private let limits: GatewayLimits
    private var context: ChannelHandlerContext?
    private var wantsRead = false
    private var isInMessage = false
    private var isClosing = false
    private var lastHeard = NIODeadline.now()
    private var pings: RepeatedTask?
    /// Called when the viewer takes bytes again.
    var onWritable: (() -> Void)?

    init(display: any Channel, limits: GatewayLimits) {
        self.display = display
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let interval = TimeAmount(limits.pingInterval)
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        pings = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            loopBound.value.ping(every: interval)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        pings?.cancel()
        pings = nil
        display?.close(promise: nil)
        display = nil
        onWritable = nil
        context = nil
    }

    private func ping(every interval: TimeAmount) {
        guard let context, !isClosing else { return }
        // Who answers nothing for so long has no connection any more, or does not read.
        if NIODeadline.now() - lastHeard > interval * 3 { return context.close(promise: nil) }
        if context.channel.isWritable {
            context.writeAndFlush(wrapOutboundOut(frame(.ping, ByteBuffer())), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosing { return }
        let frame = unwrapInboundIn(data)
        lastHeard = .now()
        // RFC 6455, sections 5.1 and 5.2: a client masks, and nothing that needs a reserved bit was agreed on.
        guard frame.maskKey != nil, frame.reservedBits.isEmpty else { return close(.protocolError) }
        switch frame.opcode {
        case .binary where !isInMessage, .continuation where isInMessage:
            isInMessage = !frame.fin
            display?.write(frame.unmaskedData, promise: nil)
        case .text where !isInMessage: close(.unacceptableData)
        case .ping:
            // A flood of them gets as many answers as are taken.
            if context.channel.isWritable {
                context.writeAndFlush(wrapOutboundOut(self.frame(.pong, frame.unmaskedData)), promise: nil)
            }
        case .pong: break
        case .connectionClose: close(.normalClosure)
        default: close(.protocolError)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        display?.flush()
    }

    func read(context: ChannelHandlerContext) {
        if display?.isWritable == false { wantsRead = true } else { context.read() }
    }

    /// The display takes bytes again.
    func displayIsWritable() {
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { onWritable?() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: close(.messageTooLarge)
        case .some: close(.protocolError)
        case nil: context.close(promise: nil)
        }
    }

    /// Sends what the display said.
    func send(_ bytes: ByteBuffer) {
        if isClosing { return }
        context?.write(wrapOutboundOut(frame(.binary, bytes)), promise: nil)
    }

    func flush() { context?.flush() }

    /// Says good-bye and ends the connection. Who does not take that in time is not waited for.
    func close(_ code: WebSocketErrorCode) {
        guard let context, !isClosing else { return }
        isClosing = true
        var reason = ByteBuffer()
        reason.write(webSocketErrorCode: code)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(frame(.connectionClose, reason))).whenComplete { _ in
            channel.close(promise: nil)
        }
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        display?.close(promise: nil)
    }

    private func frame(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, data: bytes)
    }
}
