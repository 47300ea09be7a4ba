import Domain

/// Who is connected, counted, so that strangers can't use up what viewers need.
///
/// A connection is a *stranger* until it has shown a token, then a *viewer*. A stranger may be asked to make room at any
/// time: a browser shows its token within milliseconds, and comes again if it was unlucky. A viewer never is.
struct ConnectionTable {
    typealias ID = Int

    enum Admission: Equatable {
        /// - Parameter evicted: A stranger who has to go for it.
        case admitted(ID, evicted: ID?)
        case refused
    }

    private struct Entry {
        /// What the connection is counted by; nil for a proxy's before it said whom it speaks for.
        var client: String?
        /// Set for a viewer.
        var session: String?
    }

    private let limits: GatewayLimits
    private var entries: [ID: Entry] = [:]
    private var strangers: Set<ID> = []
    private var strangersOf: [String: Int] = [:]
    private var viewersOf: [String: Int] = [:]
    private var watching: [String: Int] = [:]
    private var next: ID = 0

    init(limits: GatewayLimits) {
        self.limits = limits
    }

    var count: Int { entries.count }

    /// A new connection.
    /// - Parameter client: What it is counted by, or nil for a proxy of ours.
    mutating func admit(_ client: String?) -> Admission {
        var evicted: ID?
        if let client, strangersOf[client, default: 0] >= limits.strangersPerAddress {
            evicted = strangers.filter { entries[$0]?.client == client }.min()
        } else if entries.count >= limits.connections {
            guard let oldest = strangers.min() else { return .refused }
            evicted = oldest
        }
        if let evicted { remove(evicted) }
        next += 1
        entries[next] = Entry(client: client)
        strangers.insert(next)
        if let client { strangersOf[client, default: 0] += 1 }
        return .admitted(next, evicted: evicted)
    }

    /// A stranger has shown a token.
    /// - Parameters:
    ///   - client: Whom it is counted by from now on.
    ///   - session: What its token opens.
    /// - Returns: False if there are as many viewers as may be, or the connection was asked to go meanwhile.
    mutating func promote(_ id: ID, client: String, session: String) -> Bool {
        guard strangers.contains(id), viewersOf[client, default: 0] < limits.viewersPerAddress,
            watching[session, default: 0] < limits.viewersPerSession
        else { return false }
        remove(id)
        entries[id] = Entry(client: client, session: session)
        viewersOf[client, default: 0] += 1
        watching[session, default: 0] += 1
        return true
    }

    /// How many look at a session's display.
    func viewers(of session: String) -> Int { watching[session, default: 0] }

    /// A connection has ended. Safe to call again.
    /// - Returns: What it was a viewer of, if it was one.
    @discardableResult
    mutating func remove(_ id: ID) -> String? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        strangers.remove(id)
        if let session = entry.session {
            Self.decrease(&watching, session)
            if let client = entry.client { Self.decrease(&viewersOf, client) }
        } else if let client = entry.client {
            Self.decrease(&strangersOf, client)
        }
        return entry.session
    }

    private static func decrease(_ counts: inout [String: Int], _ key: String) {
        let left = counts[key, default: 0] - 1
        counts[key] = left > 0 ? left : nil
    }
}
