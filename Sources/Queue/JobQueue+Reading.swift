package import Domain
import Redis

/// One entry of a session's event log.
package struct SessionEvent: Sendable, Hashable {
    /// Redis' stream id: milliseconds since the epoch, a dash, a counter.
    package var id: String
    package var state: SessionState
    package var fields: [String: String]

    /// When it happened, in milliseconds since the epoch.
    package var at: Int64 { id.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }
}

extension JobQueue {
    package func session(_ id: SessionID) async throws(QueueError) -> Session? {
        let reply = try await send(["HMGET", "qwd:session:\(id)"] + Session.fieldNames)
        return Session(id: id, values: (reply.array ?? []).map(\.string))
    }

    /// Which sessions to list.
    package enum SessionList: String, Sendable {
        case live = "qwd:sessions"
        case ended = "qwd:sessions:ended"
    }

    /// Sessions, the newest first. All fields come in one reply of one command, which Redis answers without a script.
    package func sessions(_ list: SessionList = .live, limit: Int = 100_000) async throws(QueueError) -> [Session] {
        try await sessions(sorting: list.rawValue, limit: limit)
    }

    /// The live sessions of one person, the newest first.
    package func sessions(of owner: PersonName) async throws(QueueError) -> [Session] {
        try await sessions(sorting: Self.key(of: owner), limit: 100_000)
    }

    /// The sessions of one person that ended last, the newest first.
    package func ended(of owner: PersonName, limit: Int) async throws(QueueError) -> [Session] {
        try await sessions(sorting: "qwd:sessions:ended:\(LimitedClient.person(owner).asker)", limit: limit)
    }

    private static func key(of owner: PersonName) -> String { "qwd:sessions:owner:\(owner.text)" }

    /// A session as it was at one moment: whoever knows it at this revision need not read it again.
    package struct Revision: Sendable, Hashable {
        package var session: SessionID
        package var number: Int
    }

    /// The revisions of the live sessions, of all people or of one, the newest session first. A small part of what
    /// ``sessions(_:limit:)`` has to carry.
    package func revisions(of owner: PersonName? = nil, limit: Int = 100_000) async throws(QueueError) -> [Revision] {
        let reply = try await send([
            "SORT", owner.map(Self.key(of:)) ?? SessionList.live.rawValue, "BY", "nosort", "LIMIT", "0", "\(limit)",
            "DESC", "GET", "#", "GET", "qwd:session:*->rev",
        ])
        let values = reply.array ?? []
        let revisions = stride(from: 0, to: values.count - 1, by: 2).compactMap { place -> Revision? in
            guard let id = values[place].string.flatMap({ SessionID($0) }), let number = values[place + 1].integer
            else { return nil }
            return Revision(session: id, number: number)
        }
        return revisions.sorted { $0.session > $1.session }
    }

    private func sessions(sorting key: String, limit: Int) async throws(QueueError) -> [Session] {
        let width = Session.fieldNames.count + 1
        let reply = try await send(
            ["SORT", key, "BY", "nosort", "LIMIT", "0", "\(limit)", "DESC", "GET", "#"]
                + Session.fieldNames.flatMap { ["GET", "qwd:session:*->\($0)"] })
        let values = reply.array ?? []
        let sessions = stride(from: 0, to: values.count - width + 1, by: width).compactMap { start -> Session? in
            guard let id = values[start].string.flatMap({ SessionID($0) }) else { return nil }
            return Session(id: id, values: values[(start + 1)..<(start + width)].map(\.string))
        }
        // Moves numbers and not whole sessions.
        return sessions.indices.sorted { sessions[$0].id > sessions[$1].id }.map { sessions[$0] }
    }

    /// The place in the queue, counted from 1, or nil for a session that does not wait.
    package func position(of session: Session) async throws(QueueError) -> Int? {
        guard session.state == .queued, let job = session.job else { return nil }
        return try await send(["LPOS", "qwd:queue:create", job.text]).integer.map { $0 + 1 }
    }

    /// What happened to a session, in order.
    /// - Parameter after: The id of an event, from which on to read. It may come from outside: what is no id counts as none.
    package func events(of session: SessionID, after: String? = nil) async throws(QueueError) -> [SessionEvent] {
        let start = after.flatMap { Self.isEventID($0) ? "(" + $0 : nil } ?? "-"
        let reply = try await send(["XRANGE", "qwd:events:\(session)", start, "+"])
        return (reply.array ?? []).compactMap { entry in
            guard let pair = entry.array, pair.count == 2, let id = pair[0].string else { return nil }
            let fields = pair[1].dictionary
            guard let state = fields["state"].flatMap(SessionState.init(rawValue:)) else { return nil }
            return SessionEvent(id: id, state: state, fields: fields)
        }
    }

    private static func isEventID(_ text: String) -> Bool {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false)
        return numbers.count == 2 && numbers.allSatisfy { UInt64($0) != nil && $0.first != "+" }
    }

    package func job(_ id: String) async throws(QueueError) -> Job? {
        let fields = try await send(["HGETALL", "qwd:job:\(id)"]).dictionary
        return Job(id: id, fields: fields)
    }

    /// All jobs that are not over, and the last ones that are: first the running, then the waiting, later, dead and done.
    /// - Parameter done: How many of the last ones that are over.
    package func jobs(done: Int = 20) async throws(QueueError) -> [Job] {
        let hosts = try await send(["ZRANGE", "qwd:hosts", "0", "-1"]).array?.compactMap(\.string) ?? []
        let over = done > 0 ? [["ZREVRANGE", "qwd:jobs:done", "0", "\(done - 1)"]] : []
        let lists = try await send(
            pipeline: [["ZRANGE", "qwd:jobs:running", "0", "-1"], ["LRANGE", "qwd:queue:create", "0", "-1"]]
                + hosts.map { ["LRANGE", "qwd:queue:host:\($0)", "0", "-1"] } + [
                    ["ZRANGE", "qwd:jobs:later", "0", "-1"], ["ZRANGE", "qwd:jobs:dead", "0", "-1"],
                ] + over)
        let ids = lists.flatMap { $0.array?.compactMap(\.string) ?? [] }
        let replies = try await send(pipeline: ids.map { ["HGETALL", "qwd:job:\($0)"] })
        return zip(ids, replies).compactMap { Job(id: $0, fields: $1.dictionary) }
    }

    /// Create jobs that wait.
    package func waiting() async throws(QueueError) -> Int {
        try await send(["LLEN", "qwd:queue:create"]).integer ?? 0
    }

    /// Asks Redis for a sign of life.
    package func ping() async throws(QueueError) {
        _ = try await send(["PING"])
    }
}
