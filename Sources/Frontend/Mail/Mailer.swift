package import Accounts
import Domain
import FoundationEssentials
import Logging
import Queue
import Secrets
import ServiceLifecycle

/// Where mails go out, and in whose name.
package struct MailConfiguration: Sendable {
    let server: MailServer
    let from: EmailAddress

    package init(server: MailServer, from: EmailAddress) {
        self.server = server
        self.from = from
    }
}

/// Sends the mails that wait in the queue. A slow server delays nobody but other mails; what it refuses for now is tried
/// again with growing pauses.
struct Mailer: Service {
    /// Mails that are sent at one time.
    private static let hands = 4
    /// Longer than a mail server may take.
    private static let lease = Duration.seconds(120)

    let services: FrontendServices
    let post: MailConfiguration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for hand in 1...Self.hands {
                    group.addTask { while !Task.isCancelled { await work("mailer-\(hand)") } }
                }
            }
        }
    }

    private func work(_ name: String) async {
        do throws(QueueError) {
            guard let job = try await services.queue.claim(host: "", worker: name, routes: [.mail], lease: Self.lease)
            else {
                try await services.queue.waitForWork(host: "", routes: [.mail], timeout: .seconds(5))
                return
            }
            try await send(job)
        } catch {
            if Task.isCancelled { return }
            logger.warning("mails can't be taken", metadata: ["error": "\(error)"])
            // There is no event for a server that comes back: try again after a pause.
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Sends a mail that was taken, and tells the queue what became of it.
    func send(_ job: ClaimedJob) async throws(QueueError) {
        do throws(AccountsError) {
            guard let message = try await letter(for: job) else {
                // What it was about is over.
                try await finish(job, sent: false)
                return
            }
            try await post.server.send(message)
            logger.notice("mail sent", metadata: ["job.id": "\(job.claim.job)", "mail.topic": "\(job.topic)"])
            try await finish(job, sent: true)
        } catch {
            logger.warning(
                "mail not sent",
                metadata: ["job.id": "\(job.claim.job)", "mail.topic": "\(job.topic)", "error": "\(error)"])
            // A code is good for ten minutes; the pauses grow to five.
            let pause = Duration.seconds(min(300, 5 << min(job.claim.attempt, 6)))
            _ = try await services.queue.fail(
                job.claim, error.isTransient ? .transient : .permanent, message: error.detail, delay: pause)
        }
    }

    private func finish(_ job: ClaimedJob, sent: Bool) async throws(AccountsError) {
        do throws(QueueError) {
            try await services.queue.finish(job.claim, sent: sent)
        } catch {
            // At worst a mail that is sent is sent again when the lease is over.
            throw AccountsError(.unavailable, error.detail, cause: error)
        }
    }
}
