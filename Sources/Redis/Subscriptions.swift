internal import Logging
internal import NIOCore
internal import Synchronization

/// The subscription connection of a client: opened for the first reader, again whenever it is lost, closed with the last.
final class Subscriptions: Sendable {
    private struct Guarded {
        var state = SubscriptionState<SubscriptionReader>()
        var connection: RedisConnection?
        /// Counts connections, so that a late word from an old one is not taken for the new one's.
        var generation = 0
        var nextReader = 0
    }

    private let transport: RedisTransport
    private let logger: Logger
    private let guarded = Mutex(Guarded())

    init(transport: RedisTransport, logger: Logger) {
        self.transport = transport
        self.logger = logger
    }

    deinit {
        for reader in guarded.withLock({ $0.state.close() }) { reader.finish() }
    }

    func join(_ channel: String) -> AsyncStream<RedisMessage> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisMessage.self, bufferingPolicy: .bufferingNewest(SubscriptionReader.capacity))
        let reader = SubscriptionReader(continuation)
        let (id, joining) = guarded.withLock { guarded in
            guarded.nextReader += 1
            let id = guarded.nextReader
            let joining = guarded.state.add(reader, id: id, to: channel)
            switch joining {
            case .connect: connect(&guarded, channels: [channel])
            case .subscribe: send(["SUBSCRIBE", channel], &guarded)
            case .joined, .wait, .closed: break
            }
            return (id, joining)
        }
        switch joining {
        case .joined: reader.yield(.reconnected)
        case .closed: reader.finish()
        case .connect, .subscribe, .wait: break
        }
        continuation.onTermination = { [weak self] _ in self?.leave(channel, id: id) }
        return stream
    }

    func close(_ error: RedisError) {
        let (readers, connection) = guarded.withLock { guarded in
            defer { guarded.connection = nil }
            return (guarded.state.close(), guarded.connection)
        }
        // Outside of the lock: a stream that ends calls `leave`.
        for reader in readers { reader.finish() }
        connection?.close(error)
    }

    private func leave(_ channel: String, id: Int) {
        guarded.withLock { guarded in
            switch guarded.state.remove(id: id, from: channel) {
            case .nothing: break
            case .unsubscribe: send(["UNSUBSCRIBE", channel], &guarded)
            case .disconnect:
                guarded.generation += 1
                guarded.connection = nil  // the last reference: it closes
            }
        }
    }
}

extension Subscriptions {
    private func connect(_ guarded: inout Guarded, channels: [String]) {
        guarded.generation += 1
        let generation = guarded.generation
        let events = RedisChannelHandler.Events(
            pushed: { [weak self] push in self?.received(push, generation) },
            closed: { [weak self] error in self?.lost(error, generation) })
        let connection = RedisConnection(transport: transport, isSubscriber: true, events: events)
        guarded.connection = connection
        send(["SUBSCRIBE"] + channels, &guarded)
        connection.open()
    }

    private func send(_ command: [String], _ guarded: inout Guarded) {
        // A closed connection refuses it, and then `lost` is on its way and all channels are subscribed anew.
        _ = guarded.connection?.send([command], nil)
    }

    private func received(_ push: RedisValue, _ generation: Int) {
        if case .error(let text) = push {
            logger.error("Redis refuses a subscription", metadata: ["redis.error": "\(text)"])
            let connection = guarded.withLock { $0.generation == generation ? $0.connection : nil }
            connection?.close(RedisError(reply: text, address: transport.address))
            return
        }
        guard let parts = push.array, parts.count == 3, let channel = parts[1].string else { return }
        switch parts[0].string {
        case "message":
            guard let text = parts[2].string else { return }
            let readers = guarded.withLock { $0.state.readers(of: channel) }
            for reader in readers { reader.yield(.message(text)) }
        case "subscribe":
            let readers = guarded.withLock { $0.generation == generation ? Array($0.state.confirmed(channel)) : [] }
            for reader in readers { reader.yield(.reconnected) }
        default:
            break
        }
    }

    private func lost(_ error: RedisError, _ generation: Int) {
        guarded.withLock { guarded in
            guard guarded.generation == generation, let connection = guarded.connection else { return }
            guarded.connection = nil
            guard let delay = guarded.state.lost(jitter: .random(in: 0...1)) else { return }
            logger.warning("Redis subscription lost, connecting again", metadata: ["redis.error": "\(error.detail)"])
            connection.eventLoop.scheduleTask(in: TimeAmount(delay)) { [weak self] in self?.retry() }
        }
    }

    private func retry() {
        guarded.withLock { guarded in
            if let channels = guarded.state.retry() { connect(&guarded, channels: channels) }
        }
    }
}
