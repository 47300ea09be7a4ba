/// What a reader of a channel gets.
package enum RedisMessage: Sendable, Hashable {
    case message(String)
    /// From here on nothing is missed; whatever was published before may have been. So now read the truth.
    ///
    /// Comes when the subscription is first in force, after each lost connection, and when this reader was so slow that
    /// messages had to be dropped.
    case reconnected
}

extension RedisClient {
    /// The messages of a channel, until the reader stops or the client is closed.
    ///
    /// All subscriptions of a client share one connection, and all readers of a channel one subscription: Redis' only
    /// thread pays for each. A lost connection is opened again, at first after some milliseconds, at most every second.
    /// A server that is silent for twice the `commandTimeout` counts as lost.
    ///
    /// The first element is `.reconnected`, as soon as the server has confirmed the subscription.
    package func subscribe(_ channel: String) -> AsyncStream<RedisMessage> {
        subscriptions.join(channel)
    }
}
