@testable import Redis
import Testing

/// Who is subscribed to what, without a connection. Readers are letters here.
struct SubscriptionStateTests {
    @Test func `the first reader connects, the first of another channel subscribes, the others join`() {
        var state = SubscriptionState<String>()
        #expect(state.add("a", id: 1, to: "x") == .connect)
        #expect(state.add("b", id: 2, to: "x") == .wait)
        #expect(state.add("c", id: 3, to: "y") == .subscribe)
        #expect(Set(state.confirmed("x")) == ["a", "b"])
        #expect(state.add("d", id: 4, to: "x") == .joined)
        #expect(Set(state.readers(of: "x")) == ["a", "b", "d"])
        #expect(Set(state.readers(of: "y")) == ["c"])
        #expect(state.readers(of: "z").isEmpty)
    }

    @Test func `the last reader of a channel unsubscribes, the very last disconnects`() {
        var state = SubscriptionState<String>()
        _ = state.add("a", id: 1, to: "x")
        _ = state.add("b", id: 2, to: "x")
        _ = state.add("c", id: 3, to: "y")
        #expect(state.remove(id: 1, from: "x") == .nothing)
        #expect(state.remove(id: 1, from: "x") == .nothing)
        #expect(state.remove(id: 2, from: "x") == .unsubscribe)
        #expect(state.remove(id: 3, from: "y") == .disconnect)
        #expect(state.add("d", id: 4, to: "y") == .connect)
    }

    @Test func `after a loss all channels are subscribed anew and confirmed again`() {
        var state = SubscriptionState<String>()
        _ = state.add("a", id: 1, to: "x")
        _ = state.confirmed("x")
        #expect(state.lost(jitter: 1) == .milliseconds(20))
        #expect(state.add("b", id: 2, to: "y") == .wait)
        #expect(state.add("c", id: 3, to: "x") == .wait)
        #expect(state.retry() == ["x", "y"])
        #expect(state.retry() == nil)
        #expect(Set(state.confirmed("x")) == ["a", "c"])
    }

    @Test func `attempts grow to one second and begin anew after a success`() {
        var state = SubscriptionState<String>()
        _ = state.add("a", id: 1, to: "x")
        var delays: [Duration] = []
        for _ in 0..<100 {
            if let delay = state.lost(jitter: 1) { delays.append(delay) }
            _ = state.retry()
        }
        #expect(delays.count == 100)
        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(delays.last == .seconds(1))
        _ = state.confirmed("x")
        #expect(state.lost(jitter: 0) == .milliseconds(10))
    }

    @Test func `nobody connects again without readers`() {
        var state = SubscriptionState<String>()
        _ = state.add("a", id: 1, to: "x")
        _ = state.lost(jitter: 0)
        #expect(state.remove(id: 1, from: "x") == .nothing)
        #expect(state.retry() == nil)
        #expect(state.add("b", id: 2, to: "x") == .connect)
    }

    @Test func `a closed client takes no more readers`() {
        var state = SubscriptionState<String>()
        _ = state.add("a", id: 1, to: "x")
        #expect(state.close() == ["a"])
        #expect(state.add("b", id: 2, to: "x") == .closed)
        #expect(state.lost(jitter: 0) == nil)
    }

    @Test func `a slow reader loses the oldest messages and learns it`() async {
        let (stream, continuation) = AsyncStream.makeStream(of: RedisMessage.self, bufferingPolicy: .bufferingNewest(4))
        let reader = SubscriptionReader(continuation)
        for number in 1...6 { reader.yield(.message("\(number)")) }
        reader.finish()
        var messages: [RedisMessage] = []
        for await message in stream { messages.append(message) }
        #expect(messages == [.message("4"), .message("5"), .reconnected, .message("6")])
    }

    @Test func `a reader that stands still for long still learns of the loss`() async {
        let (stream, continuation) = AsyncStream.makeStream(of: RedisMessage.self, bufferingPolicy: .bufferingNewest(4))
        let reader = SubscriptionReader(continuation)
        for number in 1...1000 { reader.yield(.message("\(number)")) }
        reader.finish()
        var messages: [RedisMessage] = []
        for await message in stream { messages.append(message) }
        #expect(messages.contains(.reconnected))
        #expect(messages.last == .message("1000") || messages.last == .reconnected)
    }
}
