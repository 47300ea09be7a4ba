import Domain
import Queue
import Synchronization

extension StatusHub {
    /// One watcher's end of the hub.
    struct Subscription: Sendable {
        let hub: StatusHub
        let number: Int
        /// One element for any number of reasons to look into the inbox.
        let wakes: AsyncStream<Void>

        func close() { hub.remove(number) }

        /// What has come since the last time.
        func take() -> StreamInbox {
            hub.state.withLock { $0.watchers[number]?.inbox.take() ?? StreamInbox() }
        }

        /// Wakes the watcher with the next tick to do all of it again: it could not read what it had to.
        func retry() {
            hub.state.withLock { state in
                state.watchers[number]?.inbox.miss()
                state.watchers[number]?.inbox.mustLook = true
                state.watchers[number]?.place = nil
                state.watchers[number]?.mustRetry = true
            }
        }

        /// Says whose place in the queue the page shows, if any. The next tick tells it.
        func wait(for job: JobID?) {
            hub.state.withLock { state in
                guard state.watchers[number]?.waits != job else { return }
                state.watchers[number]?.waits = job
                state.watchers[number]?.place = nil
            }
        }
    }
}
