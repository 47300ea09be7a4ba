import Dispatch
import Synchronization

/// Threads for calls that wait for a file system. One that hangs holds a thread of these and nothing else: neither Swift's
/// pool nor a caller, who waits as long as it wants to.
package final class FileThreads: Sendable {
    private struct State {
        var idle: [DispatchQueue] = []
        var threads = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let width: Int
    private let state = Mutex(State())

    /// - Parameter width: Most threads at once.
    package init(width: Int = 8) {
        self.width = width
    }

    /// Does `work` on one of the threads, as soon as one is free.
    func run(_ work: @escaping @Sendable () -> Void) {
        let queue = state.withLock { state -> DispatchQueue? in
            if let idle = state.idle.popLast() { return idle }
            guard state.threads < width else {
                state.waiting.append(work)
                return nil
            }
            state.threads += 1
            // A serial queue without a target gets a thread of its own, however busy the process's other queues are.
            return DispatchQueue(label: "files \(state.threads)")
        }
        if let queue { begin(work, on: queue) }
    }

    private func begin(_ work: @escaping @Sendable () -> Void, on queue: DispatchQueue) {
        queue.async { [self] in
            work()
            let next = state.withLock { state -> (@Sendable () -> Void)? in
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                state.idle.append(queue)
                return nil
            }
            if let next { begin(next, on: queue) }
        }
    }

    /// The result of `work`, or nil if there is none within `limit`; then the work goes on. When too much waits already, for
    /// a disk that hangs, nothing is begun.
    package func result<Value: Sendable>(
        within limit: Duration, of work: @escaping @Sendable () -> Value
    ) async -> Value? {
        guard state.withLock({ $0.waiting.count < 64 }) else { return nil }
        let (results, report) = AsyncStream.makeStream(of: Value.self)
        run {
            report.yield(work())
            report.finish()
        }
        return await results.first(within: limit)
    }
}

extension AsyncStream where Element: Sendable {
    /// The first element, or nil if there is none within `limit`.
    func first(within limit: Duration) async -> Element? {
        await withTaskGroup(of: Element?.self) { group in
            // Waiting for a stream ends when it is cancelled.
            group.addTask { await self.first { _ in true } }
            group.addTask {
                // Cancelled as soon as there is a result; the clock only bounds the wait.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
