internal import NIOCore

/// What one connection has sent, what it waits for, and what it has to do next.
///
/// Each event is a method that returns what the owner must do; nothing here touches a socket or a clock. Replies have no
/// numbers: the n-th reply belongs to the n-th command. So when one reply does not come in time, none of those behind it
/// can be told apart any more, and the connection ends.
struct ConnectionState<Waiter> {
    struct Command {
        var waiter: Waiter
        /// How many commands of a pipeline this waits for; their replies come as one array. Nil for a single command.
        var pipelined: Int?
        var deadline: NIODeadline
    }

    enum Action {
        case nothing
        case write(ByteBuffer)
        case answer(Waiter, RedisValue)
        /// A message or a confirmation of a subscription.
        case push(RedisValue)
        /// The last reply is there, and the connection was only kept for it.
        case answerAndClose(Waiter, RedisValue)
        /// Close the socket, if there is one, and tell these.
        case close([(Waiter, RedisError)])
        case fail([(Waiter, RedisError)])
    }

    private enum Phase {
        case connecting
        /// Signing in. Commands are held, because a failed SELECT would let them act on the wrong database.
        case greeting(missing: Int, deadline: NIODeadline)
        case open
        case closed(RedisError)
    }

    private let address: RedisAddress
    /// For a subscription: how often the server is asked whether it is still there. Nil for commands.
    private let pulse: TimeAmount?
    private var phase = Phase.connecting
    private var waiting = CircularBuffer<Command>()
    private var held = ByteBuffer()
    private var collected: [RedisValue] = []
    private var ending: RedisError?
    private var isPinged = false
    private var nextPing = NIODeadline.distantFuture

    init(address: RedisAddress, pulse: TimeAmount? = nil) {
        self.address = address
        self.pulse = pulse
    }

    /// Why the connection is closed, or nil.
    var closed: RedisError? {
        guard case .closed(let error) = phase else { return nil }
        return error
    }

    /// When to call ``expired(at:)``. Only the oldest command counts, no other can be answered before it.
    var deadline: NIODeadline? {
        switch phase {
        case .connecting, .closed: nil
        case .greeting(_, let deadline): deadline
        case .open: pulse == nil ? waiting.first?.deadline : nextPing
        }
    }
}

extension ConnectionState.Command: Sendable where Waiter: Sendable {}

extension ConnectionState {
    mutating func submit(_ bytes: ByteBuffer, _ commands: [Command]) -> Action {
        switch phase {
        case .connecting, .greeting:
            waiting.append(contentsOf: commands)
            held.writeImmutableBuffer(bytes)
            return .nothing
        case .open:
            waiting.append(contentsOf: commands)
            return .write(bytes)
        case .closed(let error):
            return .fail(commands.map { ($0.waiter, error) })
        }
    }

    /// - Parameter greeting: The commands that sign in, `replies` of them.
    mutating func connected(greeting: ByteBuffer, replies: Int, at now: NIODeadline, deadline: NIODeadline) -> Action {
        switch phase {
        case .connecting where replies > 0:
            phase = .greeting(missing: replies, deadline: deadline)
            return .write(greeting)
        case .connecting:
            return open(at: now)
        case .greeting, .open:
            preconditionFailure("a socket connects once")
        case .closed:
            return .nothing
        }
    }

    mutating func received(_ reply: RedisValue, at now: @autoclosure () -> NIODeadline) -> Action {
        switch phase {
        case .connecting:
            preconditionFailure("bytes before a socket")
        case .greeting(let missing, let deadline):
            if case .error(let text) = reply {
                return close(RedisError(greetingReply: text, address: address))
            }
            guard missing == 1 else {
                phase = .greeting(missing: missing - 1, deadline: deadline)
                return .nothing
            }
            return open(at: now())
        case .open where pulse != nil:
            isPinged = false
            return .push(reply)
        case .open:
            return answer(reply)
        case .closed:
            return .nothing
        }
    }

    /// A deadline has passed, perhaps: the owner's timer may be early.
    mutating func expired(at now: NIODeadline) -> Action {
        guard let deadline, deadline <= now else { return .nothing }
        switch phase {
        case .open where pulse != nil && !isPinged:
            return ping(at: now)
        case .open, .greeting:
            let silence = RedisError(.timedOut, "no answer in time", address: address)
            let others = RedisError(
                .unavailable, "the connection was closed, an earlier command timed out", address: address)
            phase = .closed(silence)
            return .close(takeWaiting { $0.deadline <= now ? silence : others })
        case .connecting, .closed:
            return .nothing
        }
    }

    /// Ends the connection after the replies that are still to come; at once if there are none.
    mutating func finish(_ error: RedisError) -> Action {
        ending = error
        return waiting.isEmpty ? close(error) : .nothing
    }

    /// Ends the connection now, by us or because the socket did.
    mutating func close(_ error: RedisError) -> Action {
        guard closed == nil else { return .nothing }
        phase = .closed(error)
        return .close(takeWaiting { _ in error })
    }
}

extension ConnectionState {
    private mutating func open(at now: NIODeadline) -> Action {
        phase = .open
        if let pulse { nextPing = now + pulse }
        defer { held = ByteBuffer() }
        return held.readableBytes > 0 ? .write(held) : .nothing
    }

    private mutating func answer(_ reply: RedisValue) -> Action {
        guard let oldest = waiting.first else {
            let text = if case .error(let text) = reply { ": " + text } else { "" }
            return close(RedisError(.unavailable, "the server sent a reply to no command" + text, address: address))
        }
        var reply = reply
        if let count = oldest.pipelined {
            collected.append(reply)
            guard collected.count == count else { return .nothing }
            reply = .array(collected)
            collected = []
        }
        waiting.removeFirst()
        if let ending, waiting.isEmpty {
            phase = .closed(ending)
            return .answerAndClose(oldest.waiter, reply)
        }
        return .answer(oldest.waiter, reply)
    }

    private mutating func ping(at now: NIODeadline) -> Action {
        isPinged = true
        nextPing = now + (pulse ?? .zero)
        var bytes = ByteBuffer()
        RESPWriter.write(["PING"], into: &bytes)
        return .write(bytes)
    }

    private mutating func takeWaiting(_ error: (Command) -> RedisError) -> [(Waiter, RedisError)] {
        defer { waiting.removeAll() }
        return waiting.map { ($0.waiter, error($0)) }
    }
}
