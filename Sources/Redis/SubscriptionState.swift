/// Who reads which channel, and what the one subscription connection has to do for it.
struct SubscriptionState<Reader> {
    enum Joining {
        /// There is no connection: open one and subscribe to this channel.
        case connect
        case subscribe
        /// Its subscription is in force already.
        case joined
        /// A subscription or the next attempt to connect is under way.
        case wait
        case closed
    }

    enum Leaving {
        case nothing
        case unsubscribe
        case disconnect
    }

    private enum Link {
        case none
        case up
        /// The next attempt to connect is due some time.
        case down
        case closed
    }

    private struct Channel {
        var readers: [Int: Reader] = [:]
        var isInForce = false
    }

    private var link = Link.none
    private var attempts = 0
    private var channels: [String: Channel] = [:]

    mutating func add(_ reader: Reader, id: Int, to name: String) -> Joining {
        let isNew = channels[name] == nil
        switch link {
        case .none:
            channels[name, default: Channel()].readers[id] = reader
            link = .up
            return .connect
        case .up:
            channels[name, default: Channel()].readers[id] = reader
            return isNew ? .subscribe : channels[name]?.isInForce == true ? .joined : .wait
        case .down:
            channels[name, default: Channel()].readers[id] = reader
            return .wait
        case .closed:
            return .closed
        }
    }

    mutating func remove(id: Int, from name: String) -> Leaving {
        guard channels[name]?.readers.removeValue(forKey: id) != nil, channels[name]?.readers.isEmpty == true else {
            return .nothing
        }
        channels[name] = nil
        switch link {
        case .up where channels.isEmpty:
            link = .none
            return .disconnect
        case .up:
            return .unsubscribe
        case .none, .down, .closed:
            return .nothing
        }
    }

    /// The server says that a subscription is in force.
    /// - Returns: Whom to tell.
    mutating func confirmed(_ name: String) -> some Collection<Reader> {
        attempts = 0
        channels[name]?.isInForce = true
        return readers(of: name)
    }

    func readers(of name: String) -> some Collection<Reader> {
        (channels[name]?.readers ?? [:]).values
    }

    /// The connection is gone, or could not be made.
    /// - Parameter jitter: A random number of 0 to 1, so that many clients do not return in step.
    /// - Returns: When to call ``retry()``, or nil if there is no need.
    mutating func lost(jitter: Double) -> Duration? {
        switch link {
        case .up where channels.isEmpty:
            link = .none
            return nil
        case .up:
            for name in channels.keys { channels[name]?.isInForce = false }
            attempts += 1
            link = .down
            let longest = min(Duration.milliseconds(10) * (1 << min(attempts, 10)), .seconds(1))
            return longest * (0.5 + 0.5 * jitter)
        case .none, .down, .closed:
            return nil
        }
    }

    /// - Returns: The channels to subscribe to on a new connection, or nil if there is no need.
    mutating func retry() -> [String]? {
        switch link {
        case .down where channels.isEmpty:
            link = .none
            return nil
        case .down:
            link = .up
            return channels.keys.sorted()
        case .none, .up, .closed:
            return nil
        }
    }

    /// - Returns: All readers; their streams end.
    mutating func close() -> [Reader] {
        link = .closed
        defer { channels = [:] }
        return channels.values.flatMap(\.readers.values)
    }
}
