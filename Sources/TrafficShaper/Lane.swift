/// One of the two ways between a machine and its passt.
struct Lane {
    let source: CInt
    let destination: CInt
    var queue: FrameQueue
    private var tokens: TokenBucket

    init(from source: CInt, to destination: CInt, capacity: Int, bytesPerSecond: Int) {
        (self.source, self.destination) = (source, destination)
        queue = FrameQueue(capacity: capacity)
        tokens = TokenBucket(bytesPerSecond: bytesPerSecond, now: .now)
    }

    mutating func refill(now: ContinuousClock.Instant) { tokens.refill(now: now) }

    var canRead: Bool { !queue.isFull }
    var canSend: Bool { queue.isBegun || tokens.allowed > 0 && queue.hasFrame }

    /// Until when there is something that waits for its turn, or nil.
    var wait: Duration? { !canSend && queue.hasFrame ? tokens.wait : nil }

    /// - Returns: False if the destination has ended.
    mutating func send(edit: (inout [UInt8], Range<Int>) -> Void) -> Bool {
        guard let count = queue.send(to: destination, allowed: tokens.allowed, edit: edit) else { return false }
        tokens.take(count)
        return true
    }
}
