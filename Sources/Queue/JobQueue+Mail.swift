package import Domain
import Redis

/// A mail that somebody has taken to send it.
package struct MailJob: Sendable, Hashable {
    /// For `finish`, `fail` and `renew`, as for any other job.
    package var claim: Claim
    /// What it is about, in the caller's words.
    package var topic: String
    /// What was given to ``JobQueue/mail(topic:sealed:id:)``, or empty for a mail about a session.
    package var sealed: String

    package init(claim: Claim, topic: String, sealed: String) {
        self.claim = claim
        self.topic = topic
        self.sealed = sealed
    }
}

extension JobQueue {
    /// Topics of the mails that the queue makes by itself, for sessions with an address.
    package enum SessionMail: String, Sendable {
        /// The display can be opened.
        case ready
        /// The session ends within the hour.
        case ending
    }

    /// Tries that a mail has: with the pauses between them about an hour.
    private static let mailAttempts = 8

    /// Queues a mail.
    /// - Parameters:
    ///   - sealed: What the mail says and to whom, so that nobody can read it in Redis. Gone when it is sent.
    ///   - id: With the same one a call may be repeated.
    package func mail(topic: String, sealed: String, id: JobID) async throws(QueueError) {
        _ = try await call(Scripts.mail, ["mail-\(id)", topic, sealed, "\(Self.mailAttempts)"])
    }

    /// Takes the first mail that waits.
    /// - Parameter worker: Who takes it, for whoever looks into the queue.
    package func claimMail(worker: String, lease: Duration) async throws(QueueError) -> MailJob? {
        let reply = try await call(Scripts.claimMail, [worker, "\(lease.milliseconds)"])
        guard let answer = reply.array else { return nil }
        guard answer.count == 6, let job = answer[0].string, let fence = answer[2].integer else {
            throw Self.unexpected(reply, from: "claim-mail")
        }
        return MailJob(
            claim: Claim(
                job: job, kind: .mail, session: answer[1].string.flatMap { SessionID($0) }, fence: fence,
                attempt: answer[3].integer ?? 1), topic: answer[4].string ?? "", sealed: answer[5].string ?? "")
    }

    /// A mail's job is over.
    /// - Parameter sent: False if what it was about is over, so that nobody was mailed and no page says so.
    package func finish(_ mail: MailJob, sent: Bool) async throws(QueueError) {
        _ = try await call(Scripts.finish, [mail.claim.job, "\(mail.claim.fence)", sent ? "" : "unsent", ""])
    }

    /// Waits until there may be a mail to send, at most `timeout`.
    package func waitForMail(timeout: Duration) async throws(QueueError) {
        do {
            let seconds = Double(max(1, timeout.milliseconds)) / 1000
            _ = try await redis.block(["BZPOPMIN", "qwd:wake:mail", "\(seconds)"], for: timeout)
        } catch {
            throw Self.translate(error)
        }
    }
}
