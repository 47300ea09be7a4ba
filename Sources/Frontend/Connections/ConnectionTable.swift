import Domain
import Logging
import ServiceLifecycle
import Synchronization

/// All connections of a frontend, and who has to go when there are too many.
///
/// When all places are taken, or all of one address, the new connection gets the place of the one that has kept us waiting
/// longest: silent, idle, with half a request, or with an answer that it does not read. A client that means something
/// sends its request at once and waits for us, so it keeps its place, and strangers can only push out each other. To stop
/// accepting instead would make everybody else wait for the slowest stranger; to refuse the new one would do so when
/// silent connections are renewed faster than they are ended. Where nobody can go, the new one is closed.
final class ConnectionTable: Service, Sendable {
    private struct State {
        var byKey: [String: [ObjectIdentifier: Connection]] = [:]
        var count = 0
        var own: [ObjectIdentifier: Connection] = [:]
        var ended = 0
        var refused = 0
        /// When a full table was logged last.
        var told: ContinuousClock.Instant?
    }

    let limits: ConnectionLimits
    private let proxies: [IPNetwork]
    private let logger: Logger
    private let state = Mutex(State())

    init(limits: ConnectionLimits, proxies: [IPNetwork] = [], logger: Logger) {
        self.limits = limits
        self.proxies = proxies
        self.logger = logger
    }

    /// Connections that are open, those that were ended for want of room or time, and those that were never let in.
    var counts: (open: Int, ended: Int, refused: Int) {
        state.withLock { ($0.count + $0.own.count, $0.ended, $0.refused) }
    }

    /// Gives a new connection a place.
    /// - Parameters:
    ///   - address: Of its client; nil if it has none.
    ///   - isOwn: Whether it comes from this machine to itself.
    /// - Returns: Nil if there is none to be had.
    func admit(
        _ address: ClientAddress?, isOwn: Bool = false, now: ContinuousClock.Instant = .now,
        _ make: (_ key: String) -> Connection
    ) -> Connection? {
        let connection = make(address?.throttleKey ?? "")
        // All who come by a proxy share its address. Their requests are counted by their own.
        let isProxy = address.map { address in proxies.contains { $0.contains(address) } } ?? false
        let (isAdmitted, leaving, tell) = state.withLock { state -> (Bool, [Connection], Bool) in
            if isOwn, state.own.count < limits.own {
                state.own[ObjectIdentifier(connection)] = connection
                return (true, [], false)
            }
            var leaving: [Connection] = []
            let same = state.byKey[connection.key] ?? [:]
            if !isProxy, same.count >= limits.perAddress {
                leaving = Self.longestWaiting(of: same.values, count: 1, now)
                if leaving.isEmpty { return (false, [], Self.refuse(&state, now)) }
            } else if state.count >= limits.total {
                // Many at once, because this looks at all of them.
                leaving = Self.longestWaiting(
                    of: state.byKey.values.lazy.flatMap(\.values), count: max(1, limits.total / 16), now)
                if leaving.isEmpty { return (false, [], Self.refuse(&state, now)) }
            }
            for old in leaving { Self.remove(old, from: &state) }
            state.ended += leaving.count
            state.byKey[connection.key, default: [:]][ObjectIdentifier(connection)] = connection
            state.count += 1
            return (true, leaving, leaving.isEmpty ? false : Self.isNews(&state, now))
        }
        for old in leaving { old.end() }
        if tell {
            logger.warning(
                "Connections have reached their limit; those that keep us waiting longest are ended",
                metadata: [
                    "http.peer": "\(connection.key)", "http.connections": "\(counts.open)",
                    "advice":
                        "frontend.connections, frontend.connections_per_address and proxies say how many there may be",
                ])
        }
        return isAdmitted ? connection : nil
    }

    func remove(_ connection: Connection) {
        state.withLock { state in
            state.own[ObjectIdentifier(connection)] = nil
            Self.remove(connection, from: &state)
        }
    }

    /// Ends what is over time.
    func sweep(now: ContinuousClock.Instant = .now) {
        let all = state.withLock { state in Array(state.own.values) + state.byKey.values.flatMap(\.values) }
        let overdue = all.filter { $0.isOverdue(at: now, limits) }
        if overdue.isEmpty { return }
        state.withLock { $0.ended += overdue.count }
        // They keep their place until they are closed.
        for connection in overdue { connection.end() }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Ends early only by cancellation, and then the loop ends.
                try? await Task.sleep(for: .seconds(1))
                self.sweep()
            }
        }
    }

    private static func longestWaiting(
        of connections: some Sequence<Connection>, count: Int, _ now: ContinuousClock.Instant
    ) -> [Connection] {
        let waiting = connections.compactMap { connection in
            connection.waits(at: now).map { (since: $0, connection: connection) }
        }
        if count == 1 { return waiting.min { $0.since < $1.since }.map { [$0.connection] } ?? [] }
        return waiting.sorted { $0.since < $1.since }.prefix(count).map(\.connection)
    }

    private static func remove(_ connection: Connection, from state: inout State) {
        guard state.byKey[connection.key]?.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        state.count -= 1
        if state.byKey[connection.key]?.isEmpty == true { state.byKey[connection.key] = nil }
    }

    private static func refuse(_ state: inout State, _ now: ContinuousClock.Instant) -> Bool {
        state.refused += 1
        return isNews(&state, now)
    }

    /// Once a minute it is.
    private static func isNews(_ state: inout State, _ now: ContinuousClock.Instant) -> Bool {
        if let told = state.told, told.duration(to: now) < .seconds(60) { return false }
        state.told = now
        return true
    }
}
