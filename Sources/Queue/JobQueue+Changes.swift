package import Domain
import Redis

/// A hint that something changed; the event log has the truth.
package enum SessionChange: Sendable, Hashable {
    case session(SessionID, event: String, state: SessionState)
    /// The connection was lost and is back: anything may have changed.
    case reconnected
    /// Logins of somebody have ended, who is named by what ``JobQueue/loginsEnded(of:)`` was given.
    case logins(String)
}

extension JobQueue {
    /// Changes of all sessions as they happen. One subscription serves a whole process: Redis pays for each one.
    package func changes() -> AsyncStream<SessionChange> {
        let messages = redis.subscribe("qwd:status")
        return AsyncStream { continuation in
            let reader = Task {
                for await message in messages {
                    switch message {
                    case .reconnected:
                        continuation.yield(.reconnected)
                    case .message(let text):
                        let words = text.split(separator: " ")
                        if words.count == 2, words[0] == "logins" {
                            continuation.yield(.logins(String(words[1])))
                        } else if words.count == 3, let id = SessionID(words[0]),
                            let state = SessionState(rawValue: String(words[2]))
                        {
                            continuation.yield(.session(id, event: String(words[1]), state: state))
                        }
                    }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in reader.cancel() }
        }
    }

    /// Tells all frontends that logins of somebody have ended, so that what is open of theirs ends at once.
    /// - Parameter person: What names them, without white space, and no secret.
    package func loginsEnded(of person: String) async throws(QueueError) {
        _ = try await send(["PUBLISH", "qwd:status", "logins \(person)"])
    }
}
