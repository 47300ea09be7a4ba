package import Domain
import Redis

extension JobQueue {
    /// How many live sessions there are in each state.
    package func stateCounts() async throws(QueueError) -> [SessionState: Int] {
        let reply = try await send(["SORT", "qwd:sessions", "BY", "nosort", "GET", "qwd:session:*->state"])
        var counts: [SessionState: Int] = [:]
        for value in reply.array ?? [] {
            if let state = value.string.flatMap(SessionState.init(rawValue:)) { counts[state, default: 0] += 1 }
        }
        return counts
    }

    /// The sessions with these ids, in their order, without those that are forgotten.
    package func sessions(_ ids: [SessionID]) async throws(QueueError) -> [Session] {
        let replies = try await send(pipeline: ids.map { ["HMGET", "qwd:session:\($0)"] + Session.fieldNames })
        return zip(ids, replies).compactMap { Session(id: $0, values: ($1.array ?? []).map(\.string)) }
    }
}
