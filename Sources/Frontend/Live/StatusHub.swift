import Domain
import Queue
import ServiceLifecycle
import Synchronization

/// Tells the open pages what changes.
///
/// One subscription and one reader of the log serve the whole process: a hint from Redis lets it read on, once, whoever
/// watches, and each watcher is handed what concerns it. What a watcher has missed, it reads from the log itself.
final class StatusHub: Service, Sendable {
    /// What a page shows.
    enum Interest: Sendable, Hashable {
        case session(SessionID)
        /// The rows of one person's sessions, or of everybody's.
        case rows(of: PersonName?)
    }

    struct Watcher {
        var interest: Interest
        /// Whose it is: a person's mark, or an address where nobody signs in.
        var reader: String
        /// In which tick of a beat it is woken, so that not all are in the same one.
        var turn: Int
        var inbox = StreamInbox()
        /// The job whose place in the queue it shows.
        var waits: JobID?
        /// The place that it was told; nil inside for none.
        var place: Int??
        /// Whether it could not read what it wanted.
        var mustRetry = false
        var wake: AsyncStream<Void>.Continuation
    }

    struct State {
        var watchers: [Int: Watcher] = [:]
        var numbers: [Interest: Set<Int>] = [:]
        var next = 0
        var ticks = 0
        var isOpen = true
        var isAway = false
        /// The last event that was handed on; nil before the log was ever read.
        var position: EventID?
        /// The last event that there is, by the hints.
        var hinted = EventID.zero
        /// Whether to read on without a hint.
        var mustRead = false
        /// Sessions whose rows have changed since they were handed on.
        var changed: Set<SessionID> = []
    }

    /// How often rows and places are handed on.
    static let tick = Duration.seconds(1)
    /// Ticks after which a watcher is woken without a reason.
    static let beat = 15
    /// Ticks after which the log is read without a hint, which also shows whether Redis is there.
    static let round = 5

    let queue: JobQueue
    let rows: SessionRowCache
    private let limits: ConnectionLimits
    private let readers = ClientCounts()
    let state = Mutex(State())

    init(queue: JobQueue, rows: SessionRowCache, limits: ConnectionLimits) {
        self.queue = queue
        self.rows = rows
        self.limits = limits
    }

    /// Pages that listen now.
    var listeners: Int { state.withLock { $0.watchers.count } }

    /// The last event that was handed on. What is read after this was asked for is not older.
    var position: EventID? { state.withLock { $0.position } }

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
            state.watchers[state.next] = Watcher(
                interest: interest, reader: reader, turn: .random(in: 0..<Self.beat), wake: continuation)
            state.numbers[interest, default: []].insert(state.next)
            return state.next
        }
        if number == nil { continuation.finish() }
        return Subscription(hub: self, number: number ?? 0, wakes: wakes)
    }

    func remove(_ number: Int) {
        let watcher = state.withLock { state -> Watcher? in
            guard let watcher = state.watchers.removeValue(forKey: number) else { return nil }
            state.numbers[watcher.interest]?.remove(number)
            if state.numbers[watcher.interest]?.isEmpty == true { state.numbers[watcher.interest] = nil }
            return watcher
        }
        if let watcher { readers.leave(watcher.reader) }
        watcher?.wake.finish()
    }

    /// Ends all subscriptions and takes no more.
    func close() {
        let watchers = state.withLock { state in
            defer { state = State(isOpen: false) }
            return Array(state.watchers.values)
        }
        for watcher in watchers {
            readers.leave(watcher.reader)
            watcher.wake.finish()
        }
    }

    func run() async throws {
        // Any number of reasons to read are one.
        let (reads, read) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in
                    for await change in queue.changes() {
                        pass(change)
                        read.yield()
                    }
                }
                group.addTask { [self] in for await _ in reads { await readOn() } }
                group.addTask { [self] in
                    await everyTick {
                        self.beat()
                        read.yield()
                    }
                }
                group.addTask { [self] in
                    await everyTick {
                        await self.tellPlaces()
                        await self.tellRows()
                    }
                }
            }
        }
        close()
    }

    private func everyTick(_ body: () async -> Void) async {
        while !Task.isCancelled {
            // Ends early only by cancellation, and then the loop ends.
            try? await Task.sleep(for: Self.tick)
            await body()
        }
    }
}
