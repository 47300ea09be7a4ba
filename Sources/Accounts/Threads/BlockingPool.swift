import Dispatch
import Glibc
import Synchronization

/// Threads of one method's own, for C calls that wait on a server.
///
/// A call never holds a thread of Swift's pool, and never one of another method. A caller waits as long as its limit
/// says, even when the call hangs: then the caller goes on and the thread is free again when the call ends by itself.
final class BlockingPool: Sendable {
    private struct State {
        /// Queues without work; each is one thread while it has some.
        var idle: [DispatchQueue] = []
        var queues = 0
        /// First come, first served.
        var waiting: [PendingCall] = []
        var running: Set<ObjectIdentifier> = []
        /// Those of the running whose callers have gone.
        var abandoned: Set<ObjectIdentifier> = []
    }

    /// One call, from the caller's arrival to the end of its work.
    private final class PendingCall: Sendable {
        let call: BlockingCall
        let work: @Sendable () -> Void

        init(_ call: BlockingCall, _ work: @escaping @Sendable () -> Void) {
            self.call = call
            self.work = work
        }
    }

    /// What the pool is about, for errors: `LDAP server ldap.example.org`.
    private let subject: String
    private let width: Int
    private let capacity: Int
    private let state = Mutex(State())

    /// A library that writes to a connection which is closed must not end the process.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// - Parameters:
    ///   - width: Most threads at once.
    ///   - capacity: Most callers that wait for a thread; more are turned away at once.
    init(_ subject: String, width: Int = 16, capacity: Int = 256) {
        _ = Self.ignoreBrokenPipes
        self.subject = subject
        self.width = width
        self.capacity = capacity
    }

    /// Runs `work` on a thread of the pool.
    /// - Parameters:
    ///   - limit: Longest wait of the caller, the wait for a free thread counted in.
    /// - Throws: What `work` throws; `.timeout` after `limit`; `.unavailable` if no thread was free in that time, at once
    ///   when all of them hang; `.cancelled` with the caller's task, the work goes on.
    func run<Value: Sendable>(
        limit: Duration, _ work: @escaping @Sendable (BlockingCall) throws(AccountsError) -> Value
    ) async throws(AccountsError) -> Value {
        let call = BlockingCall(deadline: .now + limit)
        let (results, report) = AsyncStream.makeStream(of: Result<Value, AccountsError>.self)
        let ticket = PendingCall(call) {
            report.yield(Result { () throws(AccountsError) in try work(call) })
            report.finish()
        }
        try admit(ticket)
        // A stream, because waiting for it ends when it is cancelled.
        let result = await withTaskGroup(of: Result<Value, AccountsError>?.self) { group in
            group.addTask { await results.first { _ in true } }
            group.addTask {
                // Cancelled as soon as there is a result; the clock only bounds the wait.
                try? await Task.sleep(until: call.deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let result else { throw leave(ticket, limit: limit) }
        return try result.get()
    }

    /// How many calls run or wait.
    var callers: Int { state.withLock { $0.running.count + $0.waiting.count } }

    /// Starts the work, or puts it into the queue.
    private func admit(_ ticket: PendingCall) throws(AccountsError) {
        let queue = try state.withLock { state throws(AccountsError) -> DispatchQueue? in
            let queue: DispatchQueue
            if let idle = state.idle.popLast() {
                queue = idle
            } else if state.queues < width {
                state.queues += 1
                // A serial queue without a target gets a thread of its own, however busy the process's other queues are.
                queue = DispatchQueue(label: "\(subject) \(state.queues)")
            } else if state.abandoned.count < width, state.waiting.count < capacity {
                state.waiting.append(ticket)
                return nil
            } else {
                throw noThread
            }
            state.running.insert(ObjectIdentifier(ticket))
            return queue
        }
        if let queue { begin(ticket, on: queue) }
    }

    private func begin(_ ticket: PendingCall, on queue: DispatchQueue) {
        queue.async { [self] in
            ticket.work()
            let next = state.withLock { state -> PendingCall? in
                state.running.remove(ObjectIdentifier(ticket))
                state.abandoned.remove(ObjectIdentifier(ticket))
                guard !state.waiting.isEmpty else {
                    state.idle.append(queue)
                    return nil
                }
                let next = state.waiting.removeFirst()
                state.running.insert(ObjectIdentifier(next))
                return next
            }
            if let next { begin(next, on: queue) }
        }
    }

    /// The caller goes on without a result.
    private func leave(_ ticket: PendingCall, limit: Duration) -> AccountsError {
        defer { ticket.call.abandon() }
        let waited = state.withLock { state in
            if let place = state.waiting.firstIndex(where: { $0 === ticket }) {
                state.waiting.remove(at: place)
                return true
            }
            let identifier = ObjectIdentifier(ticket)
            // It may have ended in this moment.
            if state.running.contains(identifier) { state.abandoned.insert(identifier) }
            return false
        }
        if Task.isCancelled { return AccountsError(.cancelled, "Nobody waits for \(subject) any more.") }
        return waited ? noThread : AccountsError(.timeout, "\(subject) did not answer within \(limit).")
    }

    private var noThread: AccountsError {
        AccountsError(.unavailable, "\(subject): \(width) sign-ins wait for its answer already; try again later.")
    }
}
