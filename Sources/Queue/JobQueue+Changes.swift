package import Domain
import Redis

/// A hint that something changed; the event log has the truth.
package enum SessionChange: Sendable, Hashable {
    case session(SessionID, event: String, state: SessionState)
    /// The connection was lost and is back: anything may have changed.
    case reconnected
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
                        if words.count == 3, let id = SessionID(words[0]),
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
}
