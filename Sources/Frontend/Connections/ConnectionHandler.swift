import NIOCore

/// Tells a ``Connection`` of every byte. It stands next to the socket, before TLS.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Longest write. A client that takes so much within the stall limit is slow and not dead.
    private static let slice = 65_536

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    func read(context: ChannelHandlerContext) {
        connection.wantsBytes(true)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received()
        connection.wantsBytes(false)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var buffer = unwrapOutboundIn(data)
        while buffer.readableBytes > Self.slice, let slice = buffer.readSlice(length: Self.slice) {
            write(slice, context, nil)
        }
        write(buffer, context, promise)
    }

    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let bytes = buffer.readableBytes
        let promise = promise ?? context.eventLoop.makePromise()
        connection.willSend(bytes)
        promise.futureResult.whenComplete { [connection] _ in connection.sent(bytes) }
        context.write(wrapOutboundOut(buffer), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { connection.closes() }
        context.close(mode: mode, promise: promise)
    }
}
