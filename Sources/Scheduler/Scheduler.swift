package import Logging
package import Queue
import ServiceLifecycle

/// Emits what is due: the end of sessions past their life-time, load checks, another try of failed jobs; sends the jobs of
/// silent workers back. Of any number of schedulers one leads; when it falls silent another one takes over after a lease.
package struct Scheduler: Service {
    /// Longest pause between two rounds of the leader.
    private static let longestPause = Duration.seconds(1)

    private let queue: JobQueue
    private let name: String
    private let lease: Duration
    private let loadCheck: Duration
    private let endedKept: Int
    private let ledgerWriter: LedgerWriter?
    private let logger: Logger

    /// - Parameters:
    ///   - name: Tells this scheduler from all others, in all processes and hosts.
    ///   - lease: How long jobs and the leadership stay with somebody silent.
    ///   - loadCheck: Period of the load checks of each host; zero for none.
    ///   - endedKept: How many ended sessions are kept; zero for all of a week.
    ///   - bookkeeper: Keeps the ledger; nil keeps none.
    package init(
        queue: JobQueue, name: String, lease: Duration, loadCheck: Duration, endedKept: Int = 0,
        ledgerWriter: LedgerWriter? = nil,
        logger: Logger
    ) {
        self.queue = queue
        self.name = name
        self.lease = lease
        self.loadCheck = loadCheck
        self.endedKept = endedKept
        self.ledgerWriter = ledgerWriter
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var leads = false
            while !Task.isCancelled {
                let pause = await round(&leads)
                // What is due is a matter of time; a cancelled sleep ends the loop.
                try? await Task.sleep(for: pause)
            }
        }
        _ = try? await queue.lead(name, lease: .zero)
    }

    /// One round. Answers the pause until the next one.
    private func round(_ leads: inout Bool) async -> Duration {
        do throws(QueueError) {
            let term = try await queue.lead(name, lease: lease, clock: .now())
            if let term, !leads { logger.notice("scheduler leads", metadata: ["term": "\(term)"]) }
            leads = term != nil
            await keepBooks()
            return leads ? try await work() : lease / 3
        } catch {
            if !Task.isCancelled { logger.warning("queue can't be reached", metadata: ["error": "\(error)"]) }
            return Self.longestPause
        }
    }

    /// A ledger that can't be written must not keep sessions from ending: what was noted waits in the queue.
    private func keepBooks() async {
        do {
            try await ledgerWriter?.round(queue)
        } catch {
            if !Task.isCancelled { logger.error("the ledger can't be kept", metadata: ["error": "\(error)"]) }
        }
    }

    private func work() async throws(QueueError) -> Duration {
        let reaped = try await queue.reap(lease: lease)
        if reaped.returned > 0 || reaped.lost > 0 {
            logger.warning(
                "silent workers", metadata: ["jobs.returned": "\(reaped.returned)", "sessions.lost": "\(reaped.lost)"])
        }
        let nextTry = try await queue.promote()
        let due = try await queue.tick(loadCheck: loadCheck, lease: lease, endedKept: endedKept)
        if due.expired > 0 { logger.notice("sessions expired", metadata: ["sessions": "\(due.expired)"]) }
        return min(Self.longestPause, nextTry ?? Self.longestPause, due.nextExpiry ?? Self.longestPause)
    }
}
