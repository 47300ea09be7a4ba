import Logging
import Queue
import Redis
import Settings

/// How commands and roles reach the queue.
enum Connection {
    static func address(_ settings: Settings) throws(Failure) -> RedisAddress {
        guard let url = settings.redis.url else {
            return RedisAddress(unixSocket: PrivateRedis.socket(settings))
        }
        do throws(RedisError) {
            return try RedisAddress(url: url.revealed)
        } catch {
            throw Failure(.badConfiguration, error.description)
        }
    }

    /// Runs a command's body with the queue, and leaves no connection behind.
    static func withQueue<Value: Sendable>(
        _ settings: Settings, _ body: (JobQueue) async throws -> Value
    ) async throws -> Value {
        // Commands talk to a person, not to a log.
        let logger = Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() }
        let client = RedisClient(address: try address(settings), logger: logger)
        do {
            let value = try await body(JobQueue(redis: client))
            await client.close()
            return value
        } catch let error as QueueError {
            await client.close()
            if error.code == .unavailable, settings.redis.url == nil {
                throw Failure(
                    .unavailable,
                    "No service answers at \(PrivateRedis.socket(settings)). Start one with 'qwd up', or name its Redis: --set redis.url=URL"
                )
            }
            throw Failure(error)
        } catch {
            await client.close()
            throw error
        }
    }
}
