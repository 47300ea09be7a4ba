import Domain
import Glibc
import NIOCore

/// Accepts whatever comes at once, and hands on what has a request before what is silent.
///
/// To set up a connection costs some ten times what accepting one does, and the system's own queue is in order of arrival:
/// a person who comes behind two thousand strangers would wait for two thousand set-ups. It stands in the pipeline of the
/// listening channel. Where nobody waits, it hands on at once.
final class AcceptQueueHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    /// How many are accepted at a time, at most.
    static let perRead = 64
    /// How many are set up at a time: whoever comes next waits for so many.
    static let batch = 16
    /// From one batch to the next where others wait, so that the loop looks at its sockets in between. It runs all tasks that
    /// are due before it does.
    private static let pause = TimeAmount.milliseconds(1)
    /// After this without a word from the system it has no more.
    private static let patience = TimeAmount.milliseconds(20)

    /// How many are kept; the system keeps the others.
    private let most: Int
    private var queue = AcceptQueue<any Channel>()
    /// The descriptors of those in the queue.
    private var descriptors: [Int: Int32] = [:]
    /// What came since the last look.
    private var arrived: [any Channel] = []
    /// Whether the system had more when we looked last. Then silent ones wait, and the next look is what goes on.
    private var isBehind = false
    /// Whether the rest of the pipeline has asked for connections since it was given the last.
    private var isWanted = true
    /// Whether those that it was given are being set up.
    private var isBusy = false
    private var timer: Scheduled<Void>?

    init(most: Int) {
        self.most = most
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived.append(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let new = arrived
        arrived = []
        isBehind = new.count == Self.perRead && queue.count + new.count < most
        if queue.isEmpty, new.count <= Self.batch, isWanted, !isBusy {
            handOn(new, context)
        } else {
            keep(new, context)
            goOn(context)
        }
        accept(context)
    }

    /// Somebody further on wants more connections.
    func read(context: ChannelHandlerContext) {
        isWanted = true
        serve(context)
        accept(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        for channel in queue.removeAll() + arrived { channel.close(promise: nil) }
        descriptors = [:]
        arrived = []
        context.fireChannelInactive()
    }

    private func accept(_ context: ChannelHandlerContext) {
        if queue.count < most { context.read() }
    }

    private func keep(_ channels: [any Channel], _ context: ChannelHandlerContext) {
        let new = channels.map { channel in
            let address = channel.remoteAddress?.ipAddress.flatMap { ClientAddress($0) }
            return (id: queue.add(channel, key: address?.throttleKey ?? ""), channel: channel)
        }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        // A channel tells its descriptor on its own loop only.
        for (_, new) in Dictionary(grouping: new, by: { ObjectIdentifier($0.channel.eventLoop) }) {
            new[0].channel.eventLoop.submit {
                new.map { id, channel in (id, Self.descriptor(of: channel)) }
            }.hop(to: context.eventLoop).whenSuccess { found in
                for (id, descriptor) in found where handler.value.queue.contains(id) {
                    handler.value.descriptors[id] = descriptor
                }
            }
        }
    }

    private static func descriptor(of channel: any Channel) -> Int32? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    }

    /// Hands on the next ones, if they are wanted.
    private func serve(_ context: ChannelHandlerContext) {
        guard isWanted, !isBusy, !queue.isEmpty else { return }
        listen()
        var batch: [any Channel] = []
        while batch.count < Self.batch, let (id, channel) = queue.next(silent: !isBehind) {
            descriptors[id] = nil
            batch.append(channel)
        }
        if batch.isEmpty { goOnLater(context) } else { handOn(batch, context) }
    }

    /// Finds those that have sent something.
    private func listen() {
        let ids = Array(descriptors.keys)
        var states = ids.map { pollfd(fd: descriptors[$0] ?? -1, events: Int16(POLLIN), revents: 0) }
        guard poll(&states, nfds_t(states.count), 0) > 0 else { return }
        for (id, state) in zip(ids, states) where state.revents != 0 { queue.speaks(id) }
    }

    private func handOn(_ channels: [any Channel], _ context: ChannelHandlerContext) {
        if channels.isEmpty { return }
        isWanted = false
        isBusy = true
        for channel in channels { context.fireChannelRead(wrapInboundOut(channel)) }
        context.fireChannelReadComplete()
        // What was given to a channel's loop before this has run when this runs.
        let done = channels.map { $0.eventLoop.submit {} }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        EventLoopFuture.andAllComplete(done, on: context.eventLoop).whenComplete { _ in
            let (handler, context) = bound.value
            handler.isBusy = false
            if handler.queue.isEmpty { handler.goOn(context) } else { handler.goOnLater(context) }
        }
    }

    private func goOnLater(_ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let wasBehind = isBehind
        let time = wasBehind ? Self.patience : Self.pause
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            let (handler, context) = bound.value
            if wasBehind { handler.isBehind = false }
            handler.goOn(context)
        }
    }

    private func goOn(_ context: ChannelHandlerContext) {
        if isWanted {
            serve(context)
        } else if !isBusy {
            // Asks from the end of the pipeline, where somebody may have enough for now.
            context.channel.read()
        }
    }
}
