package import Redis

/// The queue of jobs and the state of every session, kept in Redis.
///
/// Each transition is one call of one function, so it happens as a whole or not at all, and calling it again with the same
/// arguments changes nothing. Every method throws `QueueError` `.unavailable` while Redis can't be reached.
package struct JobQueue: Sendable {
    package let redis: RedisClient
    let clock = QueueClock()

    package init(redis: RedisClient) {
        self.redis = redis
    }

    func call(_ transition: Transition, _ arguments: [String]) async throws(QueueError) -> RedisValue {
        do {
            return try await redis.call(transition.rawValue, of: Transition.library, arguments: arguments)
        } catch {
            throw Self.translate(error)
        }
    }

    func send(_ command: [String]) async throws(QueueError) -> RedisValue {
        do {
            return try await redis.send(command)
        } catch {
            throw Self.translate(error)
        }
    }

    func send(pipeline commands: [[String]]) async throws(QueueError) -> [RedisValue] {
        let replies: [RedisValue]
        do {
            replies = try await redis.send(pipeline: commands)
        } catch {
            throw Self.translate(error)
        }
        // A server that refuses has said nothing about what was asked for. Other errors are about one key.
        for case .error(let text) in replies where RedisRefusal(text) != nil {
            throw Self.translate(RedisError(.server, text))
        }
        return replies
    }

    static func translate(_ error: RedisError) -> QueueError {
        if let refusal = RedisRefusal(error.detail) {
            return QueueError(.unavailable, "\(refusal.advice) (\(error.description))", cause: error)
        }
        return switch error.code {
        case .server where error.detail.hasPrefix("EDGE") || error.detail.hasPrefix("UNKNOWN"):
            // Redis adds the script and the line; the first word is for us.
            QueueError(
                .refused, String(error.detail.drop { $0 != " " }.dropFirst()).prefix(before: " script: "), cause: error)
        case .server where error.detail.hasPrefix("TAKEN"):
            QueueError(
                .taken,
                "Another worker acts for this host: \(String(error.detail.dropFirst(6)).prefix(before: " script: "))",
                cause: error)
        case .server:
            QueueError(.unexpected, error.detail, cause: error)
        default:
            QueueError(.unavailable, error.description, cause: error)
        }
    }

    static func unexpected(_ reply: RedisValue, from name: String) -> QueueError {
        QueueError(.unexpected, "\(name) answered \(reply)")
    }
}

extension String {
    /// The text before the first occurrence of `mark`, or all of it.
    fileprivate func prefix(before mark: String) -> String {
        firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
