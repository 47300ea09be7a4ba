package import Domain
import Redis

extension JobQueue {
    package func session(_ id: SessionID) async throws(QueueError) -> Session? {
        try await sessions([id]).first
    }

    /// The sessions with these ids, in their order, without those that are forgotten.
    package func sessions(_ ids: [SessionID]) async throws(QueueError) -> [Session] {
        zip(ids, try await hashes(ids.map { "qwd:session:\($0)" })).compactMap { Session(id: $0, fields: $1) }
    }

    /// Which sessions to list.
    package enum SessionList: String, Sendable {
        case live = "qwd:sessions"
        case ended = "qwd:sessions:ended"
    }

    /// Sessions, the newest first.
    package func sessions(_ list: SessionList = .live, limit: Int = 100_000) async throws(QueueError) -> [Session] {
        try await sessions(ids(list, limit: limit))
    }

    /// The live sessions of one person, the newest first.
    package func sessions(of owner: PersonName) async throws(QueueError) -> [Session] {
        try await sessions(ids(of: owner))
    }

    /// The sessions of one person that ended last, the newest first.
    package func ended(of owner: PersonName, limit: Int) async throws(QueueError) -> [Session] {
        let list = "qwd:sessions:ended:\(LimitedClient.person(owner).asker)"
        return try await sessions(Self.ids(try await send(["ZREVRANGE", list, "0", "\(max(limit, 1) - 1)"])))
    }

    private func ids(_ list: SessionList, limit: Int) async throws(QueueError) -> [SessionID] {
        Self.ids(try await send(["ZREVRANGE", list.rawValue, "0", "\(max(limit, 1) - 1)"]))
    }

    private func ids(of owner: PersonName) async throws(QueueError) -> [SessionID] {
        Self.ids(try await send(["SMEMBERS", "qwd:sessions:owner:\(owner.text)"])).sorted(by: >)
    }

    private static func ids(_ reply: RedisValue) -> [SessionID] {
        (reply.array ?? []).compactMap { $0.string.flatMap { SessionID($0) } }
    }

    /// A session as it was at one moment: whoever knows it at this revision need not read it again.
    package struct Revision: Sendable, Hashable {
        package var session: SessionID
        package var number: Int
    }

    /// The revisions of live sessions, of all people or of one, the newest session first. A small part of what
    /// ``sessions(_:limit:)`` has to carry.
    /// - Parameters:
    ///   - first: How many newer ones are left out.
    /// - Returns: `count` is how many live ones there are in all.
    package func revisions(
        of owner: PersonName? = nil, from first: Int = 0, limit: Int = 100_000
    ) async throws(QueueError) -> (list: [Revision], count: Int) {
        let ids: [SessionID]
        let count: Int
        if let owner {
            let all = try await self.ids(of: owner)
            (ids, count) = (Array(all.dropFirst(first).prefix(limit)), all.count)
        } else {
            let list = SessionList.live.rawValue
            let replies = try await send(
                pipeline: [["ZREVRANGE", list, "\(first)", "\(first + limit - 1)"], ["ZCARD", list]])
            (ids, count) = (Self.ids(replies[0]), replies[1].integer ?? 0)
        }
        let replies = try await send(pipeline: ids.map { ["HGET", "qwd:session:\($0)", "rev"] })
        let list = zip(ids, replies).compactMap { id, reply in
            reply.integer.map { Revision(session: id, number: $0) }
        }
        return (list, count)
    }

    /// The place in the queue, counted from 1, or nil for a session that does not wait.
    package func position(of session: Session) async throws(QueueError) -> Int? {
        guard session.state == .queued, let job = session.job else { return nil }
        return try await send(["ZRANK", "qwd:queue:create", job.text]).integer.map { $0 + 1 }
    }

    package func job(_ id: String) async throws(QueueError) -> Job? {
        try await jobs([id]).first
    }

    /// All jobs that are not over, and the last ones that are: first the running, then the waiting, later, dead and done.
    /// - Parameter done: How many of the last ones that are over.
    package func jobs(done: Int = 20) async throws(QueueError) -> [Job] {
        let hosts = try await send(["ZRANGE", "qwd:hosts", "0", "-1"]).array?.compactMap(\.string) ?? []
        let over = done > 0 ? [["ZREVRANGE", "qwd:jobs:done", "0", "\(done - 1)"]] : []
        let lists = try await send(
            pipeline: [["ZRANGE", "qwd:jobs:running", "0", "-1"], ["ZRANGE", "qwd:queue:create", "0", "-1"]]
                + [["LRANGE", "qwd:queue:mail", "0", "-1"]]
                + hosts.map { ["LRANGE", "qwd:queue:host:\($0)", "0", "-1"] } + [
                    ["ZRANGE", "qwd:jobs:later", "0", "-1"], ["ZRANGE", "qwd:jobs:dead", "0", "-1"],
                ] + over)
        return try await jobs(lists.flatMap { $0.array?.compactMap(\.string) ?? [] })
    }

    private func jobs(_ ids: [String]) async throws(QueueError) -> [Job] {
        zip(ids, try await hashes(ids.map { "qwd:job:\($0)" })).compactMap { Job(id: $0, fields: $1) }
    }

    /// Hashes whose times are those of people's clocks.
    private func hashes(_ keys: [String]) async throws(QueueError) -> [[String: String]] {
        let replies = try await send(pipeline: [QueueClock.look] + keys.map { ["HGETALL", $0] })
        clock.note(replies[0])
        return replies.dropFirst().map { clock.shown($0.dictionary) }
    }

    /// The jobs that a worker of this host has, or had when it ended.
    package func running(on host: String) async throws(QueueError) -> [Job] {
        let ids = try await send(["ZRANGE", "qwd:jobs:running", "0", "-1"]).array?.compactMap(\.string) ?? []
        return try await jobs(ids).filter { $0.state == .running && $0.host == host }
    }

    /// Create jobs that wait.
    package func waiting() async throws(QueueError) -> Int {
        try await send(["ZCARD", "qwd:queue:create"]).integer ?? 0
    }

    /// Whether the queue can do its work: a transition that changes nothing. A server that answers may still take no writes,
    /// have lost its rights to our keys, or refuse functions.
    package func probe() async throws(QueueError) {
        _ = try await call(.probe, [])
    }
}
