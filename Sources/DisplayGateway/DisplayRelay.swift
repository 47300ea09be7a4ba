import NIOCore
import NIOWebSocket

/// The machine's side of a display: its VNC socket.
final class DisplayRelay: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let viewer: ViewerRelay
    private let channel: any Channel
    private var wantsRead = false

    /// - Parameter channel: The viewer's connection.
    init(viewer: ViewerRelay, channel: any Channel) {
        self.viewer = viewer
        self.channel = channel
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        viewer.onWritable = { [weak self] in
            guard let self, wantsRead else { return }
            wantsRead = false
            loopBound.value.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        viewer.send(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { viewer.flush() }

    func read(context: ChannelHandlerContext) {
        if channel.isWritable { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { viewer.displayIsWritable() }
    }

    /// The machine has ended, or its display was asked to.
    func channelInactive(context: ChannelHandlerContext) { viewer.close(.goingAway) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
