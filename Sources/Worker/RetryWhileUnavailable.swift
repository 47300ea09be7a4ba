import Logging
import Queue

/// Repeats a call of the queue while Redis can't be reached. Every transition may be repeated, so nothing happens twice.
///
/// - Returns: nil if the task was cancelled meanwhile.
/// - Throws: Any error of the queue but `.unavailable`, and that one too when the connection was closed for good.
func retryWhileUnavailable<Value: Sendable>(
    logger: Logger, _ body: () async throws(QueueError) -> Value
) async throws(QueueError) -> Value? {
    var pause = Duration.milliseconds(50)
    var nextWord = ContinuousClock.now
    while !Task.isCancelled {
        do throws(QueueError) {
            return try await body()
        } catch {
            guard error.code == .unavailable, !error.isClosed else { throw error }
            // Once a minute, for a server that is away for the night.
            if nextWord <= .now {
                logger.warning("queue can't be reached, trying again", metadata: ["error": "\(error)"])
                nextWord = .now + .seconds(60)
            }
            // There is no event for a server that comes back: try again after a pause.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
    return nil
}
