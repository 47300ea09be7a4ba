import Domain
import Queue
import Synchronization

/// How the log gets to the watchers of sessions.
extension StatusHub {
    /// Entries of the log in one answer of Redis.
    static let page = 500

    /// Notes a hint. The caller lets the log be read then.
    func pass(_ change: SessionChange) {
        let woken = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            switch change {
            case .session(_, let event, _):
                state.hinted = max(state.hinted, EventID(event) ?? .zero)
                return []
            case .logins(let reader):
                let theirs = state.watchers.filter { $0.value.reader == reader }
                for number in theirs.keys { state.watchers[number]?.inbox.mustLook = true }
                return theirs.values.map(\.wake)
            case .reconnected:
                // Whatever was said meanwhile went unheard. Rows follow from the log of all events.
                state.mustRead = true
                for (number, watcher) in state.watchers {
                    if case .session = watcher.interest { state.watchers[number]?.inbox.miss() }
                    state.watchers[number]?.inbox.mustLook = true
                }
                return state.watchers.values.map(\.wake)
            }
        }
        for wake in woken { wake.yield() }
    }

    /// Reads the log as far as it goes, if there is a reason to.
    func readOn() async {
        let (isNeeded, begin) = state.withLock { state in
            defer { state.mustRead = false }
            return (state.mustRead || state.hinted > state.position ?? .zero, state.position)
        }
        guard isNeeded else { return }
        do throws(QueueError) {
            guard var position = begin else { return start(at: try await queue.lastEvent()) }
            var page: EventPage
            repeat {
                page = try await queue.events(after: position, limit: Self.page)
                position = page.last ?? position
                hand(on: page.events, upTo: position)
            } while page.isFull
            setAway(false)
        } catch {
            // The next tick tries again. The log has everything when the queue is back; until then readers should know.
            state.withLock { $0.mustRead = true }
            setAway(true)
        }
    }

    /// Begins to follow the log. Who is here already may have missed something.
    private func start(at position: EventID) {
        let woken = state.withLock { state in
            state.position = position
            for number in state.watchers.keys { state.watchers[number]?.inbox.miss() }
            return state.watchers.values.map(\.wake)
        }
        for wake in woken { wake.yield() }
        setAway(false)
    }

    private func hand(on events: [(session: SessionID, event: SessionEvent)], upTo position: EventID) {
        let woken = state.withLock { state in
            var woken: Set<Int> = []
            let hasRows = state.numbers.keys.contains { if case .rows = $0 { true } else { false } }
            for (session, event) in events {
                for number in state.numbers[.session(session)] ?? [] {
                    state.watchers[number]?.inbox.add(event)
                    woken.insert(number)
                }
                if hasRows { state.changed.insert(session) }
            }
            state.position = position
            return woken.compactMap { state.watchers[$0]?.wake }
        }
        for wake in woken { wake.yield() }
    }

    private func setAway(_ isAway: Bool) {
        let woken = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            guard state.isAway != isAway else { return [] }
            state.isAway = isAway
            for number in state.watchers.keys { state.watchers[number]?.inbox.isAway = isAway }
            return state.watchers.values.map(\.wake)
        }
        for wake in woken { wake.yield() }
    }
}
