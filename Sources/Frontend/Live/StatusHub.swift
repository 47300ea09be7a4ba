import Domain
import Queue
import ServiceLifecycle
import Synchronization

/// Wakes the open pages when something they show has changed.
///
/// One Redis subscription serves the whole process. What it says is a hint: whoever is woken reads the truth itself, so
/// hints may be lost, doubled or merged. Everybody is woken now and then in any case.
final class StatusHub: Service, Sendable {
    /// What a page shows, and so which changes wake it.
    enum Interest: Sendable, Hashable {
        case session(SessionID)
        /// Everything, but at most once a tick: the manage page.
        case all
    }

    /// What a stream tells of.
    enum Subject: Sendable {
        case session(Session)
        case all

        var session: Session? { if case .session(let session) = self { session } else { nil } }
        var interest: Interest { session.map { .session($0.id) } ?? .all }
    }

    private struct Listener {
        var interest: Interest
        /// Whose it is: a person's mark, or an address where nobody signs in.
        var reader: String
        /// Whether it is time to see whether the reader may still listen.
        var mustLook = false
        /// Whether the place in the queue matters too, which any other session's change can move.
        var waits: Bool
        var wake: AsyncStream<Void>.Continuation
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var sessions: [SessionID: Set<Int>] = [:]
        var next = 0
        /// Something changed since the last tick.
        var changed = false
        var ticks = 0
        var isOpen = true
    }

    /// How often those are woken who look at more than one session.
    static let tick = Duration.seconds(1)
    /// Ticks between two wakes without a reason.
    static let beat = 15

    private let queue: JobQueue
    private let places: Cached<[String: Int]>
    private let limits: ConnectionLimits
    private let readers = ClientCounts()
    private let state = Mutex(State())

    /// - Parameter places: Of sessions in the queue; forgotten whenever they may have changed.
    init(queue: JobQueue, places: Cached<[String: Int]>, limits: ConnectionLimits) {
        self.queue = queue
        self.places = places
        self.limits = limits
    }

    /// Pages that listen now.
    var listeners: Int { state.withLock { $0.listeners.count } }

    /// Whether somebody listens to as much as one may, or all together do.
    func isFull(for reader: String) -> Bool {
        readers.isFull(reader, most: limits.streamsPerClient, mostOfAll: limits.streams)
    }

    /// Begins to listen. The subscription ends with ``Subscription/close()``, or when the hub ends; at once if there is no
    /// room.
    func listen(to interest: Interest, by reader: String) -> Subscription {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard state.isOpen,
                readers.enter(reader, most: limits.streamsPerClient, mostOfAll: limits.streams)
            else { return nil }
            state.next += 1
            state.listeners[state.next] = Listener(
                interest: interest, reader: reader, waits: false, wake: continuation)
            if case .session(let id) = interest { state.sessions[id, default: []].insert(state.next) }
            return state.next
        }
        if number == nil { continuation.finish() }
        return Subscription(hub: self, number: number ?? 0, wakes: wakes)
    }

    struct Subscription: Sendable {
        fileprivate let hub: StatusHub
        fileprivate let number: Int
        /// One element for any number of changes since the last one.
        let wakes: AsyncStream<Void>

        func close() { hub.remove(number) }

        /// Whether it is time to see whether the reader may still listen. Says so once.
        func takeLook() -> Bool {
            hub.state.withLock { state in
                defer { state.listeners[number]?.mustLook = false }
                return state.listeners[number]?.mustLook ?? false
            }
        }

        /// Says whether the page shows a place in the queue.
        func setWaits(_ waits: Bool) { hub.state.withLock { $0.listeners[number]?.waits = waits } }
    }

    private func remove(_ number: Int) {
        let listener = state.withLock { state -> Listener? in
            guard let listener = state.listeners.removeValue(forKey: number) else { return nil }
            if case .session(let id) = listener.interest {
                state.sessions[id]?.remove(number)
                if state.sessions[id]?.isEmpty == true { state.sessions[id] = nil }
            }
            return listener
        }
        if let listener { readers.leave(listener.reader) }
        listener?.wake.finish()
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in for await change in queue.changes() { pass(change) } }
                group.addTask { [self] in
                    while !Task.isCancelled {
                        // Ends early only by cancellation, and then the loop ends.
                        try? await Task.sleep(for: Self.tick)
                        await endTick()
                    }
                }
            }
        }
        close()
    }

    /// Ends all subscriptions and takes no more.
    func close() {
        let listeners = state.withLock { state in
            defer { state = State(isOpen: false) }
            return Array(state.listeners.values)
        }
        for listener in listeners {
            readers.leave(listener.reader)
            listener.wake.finish()
        }
    }

    func pass(_ change: SessionChange) {
        let woken = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            switch change {
            case .logins(let reader):
                let theirs = state.listeners.filter { $0.value.reader == reader }
                for number in theirs.keys { state.listeners[number]?.mustLook = true }
                return theirs.values.map(\.wake)
            case .reconnected:
                state.changed = true
                // Whatever was said meanwhile went unheard.
                for number in state.listeners.keys { state.listeners[number]?.mustLook = true }
                return state.listeners.values.map(\.wake)
            case .session(let id, _, _):
                state.changed = true
                return (state.sessions[id] ?? []).compactMap { state.listeners[$0]?.wake }
            }
        }
        for wake in woken { wake.yield() }
    }

    private func endTick() async {
        // Before those are woken who show them.
        if state.withLock({ $0.changed }) { await places.forget() }
        let woken = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            state.ticks += 1
            let everybody = state.ticks.isMultiple(of: Self.beat)
            defer { state.changed = false }
            if everybody { for number in state.listeners.keys { state.listeners[number]?.mustLook = true } }
            guard everybody || state.changed else { return [] }
            return state.listeners.values.filter { everybody || $0.waits || $0.interest == .all }.map(\.wake)
        }
        for wake in woken { wake.yield() }
    }
}
