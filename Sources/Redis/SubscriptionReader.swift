internal import Synchronization

/// One reader's end of a subscription. A slow reader loses the oldest messages and is told so.
final class SubscriptionReader: Sendable {
    /// How many messages may wait for a reader: some seconds of a busy channel, under a megabyte of short messages.
    static let capacity = 4096

    private let continuation: AsyncStream<RedisMessage>.Continuation
    /// Whether a `.reconnected` waits in the buffer for a loss that the reader does not know of yet.
    private let isLossy = Mutex(false)

    init(_ continuation: AsyncStream<RedisMessage>.Continuation) {
        self.continuation = continuation
    }

    func yield(_ message: RedisMessage) {
        isLossy.withLock { isLossy in
            switch continuation.yield(message) {
            case .enqueued:
                isLossy = false
            case .dropped(.message) where isLossy:
                break
            case .dropped:
                isLossy = true
                continuation.yield(.reconnected)
            case .terminated:
                break
            @unknown default:
                break
            }
        }
    }

    func finish() { continuation.finish() }
}
