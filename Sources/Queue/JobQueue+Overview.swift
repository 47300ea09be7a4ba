package import Domain
import Redis

extension JobQueue {
    /// How many live sessions there are in each state.
    package func stateCounts() async throws(QueueError) -> [SessionState: Int] {
        let counts = try await send(["HGETALL", "qwd:sessions:count"]).dictionary
        return counts.reduce(into: [:]) { found, entry in
            if let state = SessionState(rawValue: entry.key), let count = Int(entry.value), count > 0 {
                found[state] = count
            }
        }
    }
}
