import Redis
import Synchronization

/// What the queue's time is to people's clocks. They agree until a clock of Redis' host steps; then the queue's time goes on as if
/// nothing had happened (`clock.lua`), and what people see of it is moved.
///
/// Transitions get and give the queue's time; all that this target hands out as milliseconds since the epoch is people's.
final class QueueClock: Sendable {
    /// Commands whose replies ``read(_:)`` takes.
    static let looks = [["HMGET", "qwd:clock", "time", "server", "offset"], ["TIME"]]
    /// The command whose reply ``note(_:)`` takes.
    static let look = ["HGET", "qwd:clock", "offset"]
    /// Longest time for which the server's clock is followed, in ms; the same as in `clock.lua`.
    private static let followed: Int64 = 15_000
    /// Fields of hashes and events that are points in time.
    private static let times = [
        "created_at", "started_at", "expires_at", "ended_at", "queued_at", "ready_at", "lease_until", "step_at",
    ]

    /// People's time less the queue's, in ms. A clock steps seldom, so what was read last is good enough where a look of its own
    /// would cost more than it tells.
    private let offset = Atomic<Int64>(0)

    /// The queue's time, or nil if these are no replies to `looks`.
    func read(_ replies: some Collection<RedisValue>) -> Int64? {
        let replies = Array(replies)
        let clock = (replies.last?.array ?? []).compactMap(\.integer)
        guard replies.count == 2, clock.count == 2, let known = replies[0].array, known.count == 3 else { return nil }
        note(known[2])
        let server = Int64(clock[0]) * 1000 + Int64(clock[1]) / 1000
        guard let time = known[0].integer, let then = known[1].integer else { return server }
        return Int64(time) + max(0, min(server - Int64(then), Self.followed))
    }

    func note(_ reply: RedisValue) {
        if case .error = reply { return }
        offset.store(Int64(reply.integer ?? 0), ordering: .relaxed)
    }

    /// A point of the queue's time, by people's clocks.
    func shown(_ time: Int64) -> Int64 { time == 0 ? 0 : time + offset.load(ordering: .relaxed) }

    /// A point of people's time, by the queue's.
    func queued(_ time: Int64) -> Int64 { time == 0 ? 0 : time - offset.load(ordering: .relaxed) }

    /// A hash or an event whose times are those of people's clocks.
    func shown(_ fields: [String: String]) -> [String: String] {
        guard offset.load(ordering: .relaxed) != 0 else { return fields }
        var fields = fields
        for name in Self.times {
            if let time = fields[name].flatMap({ Int64($0) }) { fields[name] = "\(shown(time))" }
        }
        return fields
    }
}
