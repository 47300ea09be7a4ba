/// How much may be sent now. What is sent in one piece may go beyond, and is waited for afterwards.
struct TokenBucket {
    /// Bytes a second.
    let rate: Double
    /// What gathers while nothing is sent: 10 ms of the rate, so that a burst is far less than what a queue holds.
    private let depth: Double
    private var tokens: Double
    private var last: ContinuousClock.Instant

    init(bytesPerSecond: Int, now: ContinuousClock.Instant) {
        rate = Double(bytesPerSecond)
        depth = max(rate / 100, 1500)
        tokens = depth
        last = now
    }

    /// Adds what has gathered.
    mutating func refill(now: ContinuousClock.Instant) {
        tokens = min(depth, tokens + (now - last) / .seconds(1) * rate)
        last = now
    }

    /// Bytes that may be sent.
    var allowed: Int { max(0, Int(tokens)) }

    mutating func take(_ bytes: Int) { tokens -= Double(bytes) }

    /// How long until a millisecond's worth may be sent: to wake for each byte would only keep a processor busy.
    var wait: Duration { .seconds(max(0, rate / 1000 - tokens) / rate) }
}
