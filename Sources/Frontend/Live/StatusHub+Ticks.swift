import Domain
import Queue
import Synchronization

/// What happens once a tick.
extension StatusHub {
    /// Wakes those whose turn it is, and those who could not read what they had to.
    func beat() {
        let woken = state.withLock { state in
            state.ticks += 1
            if state.ticks.isMultiple(of: Self.round), !state.watchers.isEmpty { state.mustRead = true }
            var woken: [AsyncStream<Void>.Continuation] = []
            for (number, watcher) in state.watchers {
                let isTurn = (state.ticks + watcher.turn).isMultiple(of: Self.beat)
                guard isTurn || watcher.mustRetry else { continue }
                state.watchers[number]?.mustRetry = false
                if isTurn { state.watchers[number]?.inbox.mustLook = true }
                woken.append(watcher.wake)
            }
            return woken
        }
        for wake in woken { wake.yield() }
    }

    /// Asks for the places in the queue of all sessions that are watched, at once, and tells those that have moved.
    func tellPlaces() async {
        let jobs = state.withLock { Set($0.watchers.values.compactMap(\.waits)) }
        if jobs.isEmpty { return }
        // Without an answer the next tick asks again.
        guard let places = try? await queue.places(of: jobs) else { return }
        let woken = state.withLock { state in
            var woken: [AsyncStream<Void>.Continuation] = []
            for (number, watcher) in state.watchers {
                guard let job = watcher.waits, jobs.contains(job), watcher.place != .some(places[job]) else { continue }
                state.watchers[number]?.place = .some(places[job])
                state.watchers[number]?.inbox.place = .some(places[job])
                woken.append(watcher.wake)
            }
            return woken
        }
        for wake in woken { wake.yield() }
    }

    /// Makes the rows anew that have changed, once for all, and hands each to those who may see it.
    func tellRows() async {
        let (changed, position) = state.withLock { state in
            defer { state.changed = [] }
            return (state.changed, state.position ?? .zero)
        }
        if changed.isEmpty { return }
        guard let changes = try? await rows.changes(of: Array(changed)) else {
            state.withLock { $0.changed.formUnion(changed) }
            return
        }
        let woken = state.withLock { state in
            var woken: Set<Int> = []
            for change in changes {
                for interest in [Interest.rows(of: change.owner), .rows(of: nil)] {
                    for number in state.numbers[interest] ?? [] {
                        state.watchers[number]?.inbox.add(change, at: position)
                        woken.insert(number)
                    }
                }
            }
            return woken.compactMap { state.watchers[$0]?.wake }
        }
        for wake in woken { wake.yield() }
    }
}
