import NIOCore
@testable import Redis
import Testing

/// The life of a connection without a socket. Waiters are letters here.
struct ConnectionStateTests {
    typealias State = ConnectionState<String>

    private let start = NIODeadline.uptimeNanoseconds(0)
    private let address = RedisAddress(unixSocket: "/run/redis.sock")

    private func command(_ waiter: String, pipelined: Int? = nil, timeout: TimeAmount = .seconds(10)) -> State.Command {
        State.Command(waiter: waiter, pipelined: pipelined, deadline: start + timeout)
    }

    private func openState(pulse: TimeAmount? = nil) -> State {
        var state = State(address: address, pulse: pulse)
        _ = state.connected(greeting: ByteBuffer(), replies: 0, at: start, deadline: start)
        return state
    }

    @Test func `commands are held until the server has accepted the greeting`() {
        var state = State(address: address)
        #expect(state.submit(ByteBuffer(string: "one "), [command("a")]).summary == "nothing")
        let greeted = state.connected(
            greeting: ByteBuffer(string: "AUTH SELECT"), replies: 2, at: start, deadline: start + .seconds(10))
        #expect(greeted.summary == "write AUTH SELECT")
        #expect(state.submit(ByteBuffer(string: "two"), [command("b")]).summary == "nothing")
        #expect(state.received(.string("OK"), at: start).summary == "nothing")
        #expect(state.received(.string("OK"), at: start).summary == "write one two")
        #expect(state.submit(ByteBuffer(string: "three"), [command("c")]).summary == "write three")
    }

    @Test func `a refused greeting fails what was held`() {
        var state = State(address: address)
        _ = state.submit(ByteBuffer(string: "one"), [command("a"), command("b")])
        _ = state.connected(greeting: ByteBuffer(string: "AUTH"), replies: 1, at: start, deadline: start + .seconds(10))
        #expect(state.received(.error("WRONGPASS no"), at: start).summary == "close a:refused b:refused")
        #expect(state.submit(ByteBuffer(string: "two"), [command("c")]).summary == "fail c:refused")
    }

    @Test func `replies go to the commands in order, those of a pipeline together`() {
        var state = openState()
        _ = state.submit(ByteBuffer(), [command("a"), command("b", pipelined: 2), command("c")])
        #expect(state.received(.integer(1), at: start).summary == "answer a integer(1)")
        #expect(state.received(.integer(2), at: start).summary == "nothing")
        #expect(state.received(.error("no"), at: start).summary == #"answer b array([integer(2), error("no")])"#)
        #expect(state.received(.null, at: start).summary == "answer c null")
        #expect(state.deadline == nil)
    }

    @Test func `a reply to no command ends the connection`() {
        var state = openState()
        #expect(state.received(.integer(1), at: start).summary == "close")
        #expect(state.closed?.code == .unavailable)
    }

    @Test func `a late reply fails its command, and those behind it as unavailable`() {
        var state = openState()
        _ = state.submit(ByteBuffer(), [command("a", timeout: .seconds(1)), command("b", timeout: .seconds(2))])
        #expect(state.deadline == start + .seconds(1))
        #expect(state.expired(at: start + .milliseconds(999)).summary == "nothing")
        #expect(state.expired(at: start + .seconds(1)).summary == "close a:timedOut b:unavailable")
        #expect(state.received(.null, at: start).summary == "nothing")
    }

    @Test func `the deadline is that of the oldest command still without a reply`() {
        var state = openState()
        _ = state.submit(ByteBuffer(), [command("a", timeout: .seconds(1)), command("b", timeout: .seconds(2))])
        _ = state.received(.null, at: start)
        #expect(state.expired(at: start + .seconds(1)).summary == "nothing")
        #expect(state.deadline == start + .seconds(2))
    }

    @Test func `a server that never answers the greeting is timed out`() {
        var state = State(address: address)
        _ = state.submit(ByteBuffer(string: "one"), [command("a", timeout: .seconds(1))])
        #expect(state.deadline == nil)
        _ = state.connected(greeting: ByteBuffer(string: "AUTH"), replies: 1, at: start, deadline: start + .seconds(1))
        #expect(state.expired(at: start + .seconds(1)).summary == "close a:timedOut")
    }

    @Test func `finishing waits for the replies under way`() {
        var state = openState()
        _ = state.submit(ByteBuffer(), [command("a"), command("b")])
        #expect(state.finish(RedisError(.shuttingDown, "closed")).summary == "nothing")
        #expect(state.received(.null, at: start).summary == "answer a null")
        #expect(state.received(.null, at: start).summary == "answerAndClose b null")
        #expect(state.closed?.code == .shuttingDown)
    }

    @Test func `finishing without commands under way closes at once, and closing twice does nothing`() {
        var state = openState()
        #expect(state.finish(RedisError(.shuttingDown, "closed")).summary == "close")
        #expect(state.close(RedisError(.unavailable, "lost")).summary == "nothing")
        #expect(state.closed?.code == .shuttingDown)
    }

    @Test func `a socket that opens after the end is not greeted`() {
        var state = State(address: address)
        _ = state.submit(ByteBuffer(string: "one"), [command("a")])
        #expect(state.close(RedisError(.cancelled, "cancelled")).summary == "close a:cancelled")
        let late = state.connected(greeting: ByteBuffer(string: "AUTH"), replies: 1, at: start, deadline: start)
        #expect(late.summary == "nothing")
    }

    @Test func `a subscription passes on what it gets and asks a silent server if it is there`() {
        var state = openState(pulse: .seconds(1))
        #expect(state.received(.array([.string("message")]), at: start).summary == #"push array([string("message")])"#)
        #expect(state.expired(at: start + .seconds(1)).summary == "write *1\r\n$4\r\nPING\r\n")
        _ = state.received(.array([.string("pong")]), at: start)
        #expect(state.deadline == start + .seconds(2))
        #expect(state.expired(at: start + .seconds(2)).summary == "write *1\r\n$4\r\nPING\r\n")
        #expect(state.expired(at: start + .seconds(3)).summary == "close")
        #expect(state.closed?.code == .timedOut)
    }
}

extension ConnectionState.Action where Waiter == String {
    /// One line that a test can compare.
    var summary: String {
        func list(_ failures: [(String, RedisError)]) -> String {
            failures.map { " \($0.0):\($0.1.code)" }.joined()
        }
        return switch self {
        case .nothing: "nothing"
        case .write(let bytes): "write " + String(buffer: bytes)
        case .answer(let waiter, let reply): "answer \(waiter) \(reply.summary)"
        case .push(let message): "push \(message.summary)"
        case .answerAndClose(let waiter, let reply): "answerAndClose \(waiter) \(reply.summary)"
        case .close(let failures): "close" + list(failures)
        case .fail(let failures): "fail" + list(failures)
        }
    }
}

extension RedisValue {
    fileprivate var summary: String {
        switch self {
        case .null: "null"
        case .integer(let number): "integer(\(number))"
        case .string(let text): "string(\"\(text)\")"
        case .array(let elements): "array([\(elements.map(\.summary).joined(separator: ", "))])"
        case .error(let text): "error(\"\(text)\")"
        }
    }
}
