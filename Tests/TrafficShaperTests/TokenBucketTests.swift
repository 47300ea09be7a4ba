import Testing
@testable import TrafficShaper

struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test func `as much as the rate gathers, and no more than 10 ms of it`() {
        var bucket = TokenBucket(bytesPerSecond: 1_000_000, now: start)
        #expect(bucket.allowed == 10_000)
        bucket.take(10_000)
        #expect(bucket.allowed == 0)
        bucket.refill(now: start + .milliseconds(3))
        #expect((2_999...3_000).contains(bucket.allowed))
        bucket.refill(now: start + .seconds(100))
        #expect(bucket.allowed == 10_000)
    }

    @Test func `who took more waits for it`() {
        var bucket = TokenBucket(bytesPerSecond: 1_000_000, now: start)
        bucket.take(60_000)
        #expect(bucket.allowed == 0)
        // 50,000 were borrowed, and one millisecond's worth is worth waking up for.
        #expect(abs(bucket.wait / .milliseconds(1) - 51) < 0.1)
        bucket.refill(now: start + bucket.wait)
        #expect(bucket.allowed > 900)
        #expect(bucket.wait < .milliseconds(0.1))
    }

    @Test func `the smallest rate still sends a packet`() {
        var bucket = TokenBucket(bytesPerSecond: 1, now: start)
        bucket.take(1_500)
        bucket.refill(now: start + .seconds(2))
        #expect(bucket.allowed == 2)
    }
}
