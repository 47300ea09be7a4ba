package import Domain
import Redis

/// The answer to a request: the session and job that it made, or had made before.
package struct Enqueued: Sendable, Hashable {
    package var session: SessionID
    package var job: JobID
    /// False when the same request had been accepted before.
    package var isNew: Bool
}

extension JobQueue {
    /// How long a request's key is remembered, in milliseconds.
    private static let onceTTL = 24 * 3600 * 1000
    /// Claims a create job may have before it is given up.
    private static let attempts = 3

    /// Accepts a request: checks the owner's limits and queues the job that creates the session, in one step.
    /// - Parameters:
    ///   - once: A key of the request. A second call with the same key answers the first call's session.
    ///   - client: Whom the limits of one person count; nil for the owner.
    ///   - address: Where the person comes from, for the record of who did what.
    ///   - payload: What is too long for the session's hash, kept beside it for the worker; empty for nothing.
    /// - Throws: `.limit` or `.tooBig` when it may not or can never run, `.refused` when it wants a disk for itself that
    ///   another session uses; nothing is written then.
    package func enqueue(
        _ request: SessionRequest, once: String? = nil, client: LimitedClient? = nil, from address: String = "",
        payload: String = "", limits: Limits, id: SessionID, job: JobID
    ) async throws(QueueError) -> Enqueued {
        let client = client ?? .person(request.owner)
        var request = request
        request.lifetimeSeconds = limits.lifetime(asked: request.lifetimeSeconds)
        let fields = request.fields
        let reply = try await call(
            .enqueue,
            [
                id.text, job.text, once ?? "", "\(Self.onceTTL)", "\(Self.attempts)", "\(limits.sessionsPerUser)",
                "\(limits.cpuFractionPerUser)", "\(limits.memoryFractionPerUser)", address, client.holder, client.asker,
                "\(limits.waiting)", "\(limits.waitingPerUser)", "\(limits.creationsPerMinute)", "\(limits.gpuPerUser)",
                request.owner.text, request.machine, request.needs, payload, fields.map(\.name).joined(separator: " "),
            ] + fields.flatMap { [$0.name, $0.value] })
        guard let answer = reply.array, let word = answer.first?.string else {
            throw Self.unexpected(reply, from: "enqueue")
        }
        func number(_ place: Int) -> Int { answer.count > place ? answer[place].integer ?? 0 : 0 }
        let resource = answer.count > 1 ? answer[1].string.flatMap(LimitExceeded.Resource.init(rawValue:)) : nil
        switch word {
        case "new", "known":
            guard answer.count == 3, let session = answer[1].string.flatMap({ SessionID($0) }),
                let job = answer[2].string.flatMap({ JobID($0) })
            else { throw Self.unexpected(reply, from: "enqueue") }
            return Enqueued(session: session, job: job, isNew: word == "new")
        case "limit":
            guard let resource else { throw Self.unexpected(reply, from: "enqueue") }
            let limit = LimitExceeded(
                resource: resource, wanted: number(2), allowed: number(3), retryAfter: .milliseconds(number(4)),
                isOfAddress: client.isAddress(for: resource))
            throw QueueError(.limit(limit), limit.description)
        case "too-big":
            guard let resource = answer[1].string.flatMap(Resource.init(rawValue:)) else {
                throw Self.unexpected(reply, from: "enqueue")
            }
            let largest = number(2)
            throw QueueError(
                .tooBig(resource, largest: largest), "too much \(resource.rawValue): the largest host has \(largest)")
        case "in-use":
            throw QueueError(
                .refused,
                "Session \(answer.count > 1 ? answer[1].string ?? "" : "") uses the disk of \(request.machine), and nobody else may while it is written to."
            )
        default:
            throw Self.unexpected(reply, from: "enqueue")
        }
    }

    /// Asks for the end of a session, whatever its state: a queued one is cancelled at once, a running one gets a stop job.
    /// - Parameter deed: Who does it, for the record; it is noted in the same step.
    /// - Returns: The state it has then, or nil if there is no such session.
    @discardableResult
    package func stop(
        _ session: SessionID, reason: EndReason = .stopped, by deed: Deed? = nil
    ) async throws(QueueError) -> SessionState? {
        try await call(.stop, [session.text, reason.rawValue] + Deed.arguments(deed)).string
            .flatMap(SessionState.init(rawValue:))
    }

    /// Lets a running session live longer, at most `limits.lifetimeSeconds` in all.
    /// - Parameters:
    ///   - seen: The end the session had when this was asked for. If it has another one by now, the same was asked
    ///     before, and nothing changes; without it each call adds to the life.
    ///   - deed: Who does it, for the record; it is noted in the same step if the session runs.
    /// - Returns: Its new end in milliseconds since the epoch, zero for no end, or nil if it does not run.
    package func extend(
        _ session: SessionID, seconds: Int, limits: Limits, seen: Int64? = nil, by deed: Deed? = nil
    ) async throws(QueueError) -> Int64? {
        try await call(
            .extend,
            [session.text, "\(seconds)", "\(limits.lifetimeSeconds)", seen.map { "\(clock.queued($0))" } ?? ""]
                + Deed.arguments(deed)
        ).integer.map { clock.shown(Int64($0)) }
    }

    /// Gives a dead job another chance.
    /// - Parameter newSession: A new id, also for other than create jobs: with the same one a call may be repeated.
    /// - Returns: The session it works for then: a new one for a create job, because ended sessions stay ended. Nil if the
    ///   old one is forgotten already.
    /// - Throws: `.refused` for a job that is not dead.
    package func retry(_ job: String, newSession: SessionID) async throws(QueueError) -> SessionID? {
        try await call(.retry, [job, newSession.text]).string.flatMap { SessionID($0) }
    }
}
