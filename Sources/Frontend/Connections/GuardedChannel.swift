import Domain
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// A connection's channel with its place in the table, its limits of time, and the rules for what is a request.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let table: ConnectionTable

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let remote = channel.remoteAddress?.ipAddress.flatMap { ClientAddress($0) }
        let local = channel.localAddress?.ipAddress.flatMap { ClientAddress($0) }
        // From this machine to itself: the system takes the address that it goes to.
        let isOwn = remote != nil && remote == local
        guard let connection = table.admit(remote, isOwn: isOwn, { Connection(key: $0, channel: channel) }) else {
            channel.close(mode: .all, promise: nil)
            return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        channel.closeFuture.whenComplete { [table] _ in table.remove(connection) }
        do {
            try channel.pipeline.syncOperations.addHandler(ConnectionHandler(connection))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return Self.dropDead(channel).flatMap { base.setup(channel: channel, logger: logger) }.flatMapThrowing {
            value in
            let operations = channel.pipeline.syncOperations
            let decoder = try operations.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try operations.addHandler(RequestHandler(connection), position: .after(decoder.handler))
            return value
        }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }

    /// Ends a connection whose other end has vanished: nothing that we send is confirmed for a minute (tcp(7)). The events
    /// of a stream find that out within seconds, where the system would try for a quarter of an hour.
    private static func dropDead(_ channel: any Channel) -> EventLoopFuture<Void> {
        let userTimeout = NIOBSDSocket.Option(rawValue: 18)
        return channel.setOption(.tcpOption(userTimeout), value: 60_000)
    }
}
