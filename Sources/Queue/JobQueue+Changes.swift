package import Domain
package import Redis

/// A hint that something changed; the event log has the truth.
package enum SessionChange: Sendable, Hashable {
    case session(SessionID, event: String, state: SessionState)
    /// The connection was lost and is back, or hints were lost: anything may have changed.
    case reconnected
    /// Logins of somebody have ended, who is named by what ``JobQueue/loginsEnded(of:)`` was given.
    case logins(String)

    /// Nil for a message that is none of ours.
    fileprivate init?(_ message: RedisMessage) {
        guard case .message(let text) = message else {
            self = .reconnected
            return
        }
        let words = text.split(separator: " ")
        if words.count == 2, words[0] == "logins" {
            self = .logins(String(words[1]))
        } else if words.count == 3, let id = SessionID(words[0]), let state = SessionState(rawValue: String(words[2])) {
            self = .session(id, event: String(words[1]), state: state)
        } else {
            return nil
        }
    }
}

extension JobQueue {
    package typealias Changes = AsyncCompactMapSequence<AsyncStream<RedisMessage>, SessionChange>

    /// Changes of all sessions as they happen. One subscription serves a whole process: Redis pays for each one.
    ///
    /// What waits for a slow reader is bounded by the subscription itself, which tells of a loss by `.reconnected`. Nothing
    /// may be kept here beside it: a second buffer would hide the loss.
    package func changes() -> Changes {
        redis.subscribe("qwd:status").compactMap { SessionChange($0) }
    }

    /// Tells all frontends that logins of somebody have ended, so that what is open of theirs ends at once.
    /// - Parameter person: What names them, without white space, and no secret.
    package func loginsEnded(of person: String) async throws(QueueError) {
        _ = try await send(["PUBLISH", "qwd:status", "logins \(person)"])
    }
}
