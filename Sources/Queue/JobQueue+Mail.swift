package import Domain
import Redis

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
        _ = try await call(.mail, ["mail-\(id)", topic, sealed, "\(Self.mailAttempts)"])
    }

    /// A mail's job is over.
    /// - Parameter sent: False if what it was about is over, so that nobody was mailed and no page says so.
    package func finish(_ mail: Claim, sent: Bool) async throws(QueueError) {
        _ = try await call(.finish, [mail.job, "\(mail.fence)", sent ? "" : "unsent", ""])
    }
}
