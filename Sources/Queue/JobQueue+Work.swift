package import Domain
import Redis

/// A job that somebody has taken.
package struct Claim: Sendable, Hashable {
    package var job: String
    package var kind: JobKind
    /// The session it is about; nil for a load check.
    package var session: SessionID?
    /// Number of this claim. A worker may act only while no higher one exists.
    package var fence: Int
    package var attempt: Int

    package init(job: String, kind: JobKind, session: SessionID?, fence: Int, attempt: Int) {
        self.job = job
        self.kind = kind
        self.session = session
        self.fence = fence
        self.attempt = attempt
    }
}

/// A claim with all that is needed to do its job.
package struct ClaimedJob: Sendable, Hashable {
    package var claim: Claim
    /// What the session's owner has asked for; nil for a job about no session.
    package var request: SessionRequest?
    /// What a mail is about, in the words of who queued it.
    package var topic: String
    /// What a mail says, sealed; empty for one about a session.
    package var sealed: String

    package init(claim: Claim, request: SessionRequest? = nil, topic: String = "", sealed: String = "") {
        self.claim = claim
        self.request = request
        self.topic = topic
        self.sealed = sealed
    }
}

/// A queue of jobs, and who does them.
package enum Route: Sendable, Hashable, CustomStringConvertible {
    /// Jobs for one host.
    case host(String)
    /// New sessions, for any host that can take them.
    case create
    /// Mails, for any frontend.
    case mail

    package var description: String {
        switch self {
        case .host(let id): "host:\(id)"
        case .create: "create"
        case .mail: "mail"
        }
    }

    /// The marker on which somebody sleeps who does its jobs.
    func marker(host: String) -> String { self == .create ? "qwd:wake:create:\(host)" : "qwd:wake:\(self)" }
}

/// What the queue says to a worker that reports on a job.
package enum Ownership: String, Sendable {
    case ok
    /// Somebody else owns the job: undo everything, say nothing.
    case stale
    /// It is not wanted any more: undo everything, then report it as failed.
    case cancel
}

extension JobQueue {
    /// Takes the first waiting job of the first of some routes that has one which can be done.
    /// - Parameters:
    ///   - host: Id of the host that does it; empty for who has no host.
    ///   - routes: In order: short jobs should not wait behind long ones.
    ///   - lease: How long the job stays with the worker unless renewed.
    ///   - once: A key of this call. Whoever repeats it with the same key, because the reply was lost, gets the same job;
    ///     without a key that job waits until its lease is over.
    package func claim(
        host: String, worker: String, routes: [Route], lease: Duration, limits: Limits = .none, once: String? = nil
    ) async throws(QueueError) -> ClaimedJob? {
        let reply = try await call(
            .claim,
            [host, worker, "\(lease.milliseconds)", "\(limits.sessions)", once ?? ""] + routes.map(\.description))
        guard let answer = reply.array else { return nil }
        guard answer.count == 8, let job = answer[0].string,
            let kind = answer[1].string.flatMap(JobKind.init(rawValue:)),
            let fence = answer[3].integer
        else { throw Self.unexpected(reply, from: "claim") }
        let fields = answer[7].dictionary
        return ClaimedJob(
            claim: Claim(
                job: job, kind: kind, session: answer[2].string.flatMap { SessionID($0) }, fence: fence,
                attempt: answer[4].integer ?? 1),
            request: fields.isEmpty ? nil : SessionRequest(fields: fields), topic: answer[5].string ?? "",
            sealed: answer[6].string ?? "")
    }

    /// Waits until there may be work in one of some routes, at most `timeout`.
    package func waitForWork(host: String, routes: [Route], timeout: Duration) async throws(QueueError) {
        // Redis takes zero for without end.
        let seconds = Double(max(1, timeout.milliseconds)) / 1000
        do {
            _ = try await redis.block(
                ["BZPOPMIN"] + routes.map { $0.marker(host: host) } + ["\(seconds)"], for: timeout)
        } catch {
            throw Self.translate(error)
        }
    }

    /// Wakes the worker of `host`, which has a slot free again.
    package func wake(host: String) async throws(QueueError) {
        _ = try await send(["ZADD", "qwd:wake:host:\(host)", "0", "work"])
    }

    /// Prolongs the leases of all jobs a worker has. The answers come in the order of `claims`.
    package func renew(_ claims: [Claim], lease: Duration) async throws(QueueError) -> [Ownership] {
        if claims.isEmpty { return [] }
        let reply = try await call(
            .renew, ["\(lease.milliseconds)"] + claims.flatMap { [$0.job, "\($0.fence)"] })
        guard let answers = reply.array, answers.count == claims.count else {
            throw Self.unexpected(reply, from: "renew")
        }
        return answers.map { $0.string.flatMap(Ownership.init(rawValue:)) ?? .stale }
    }

    package func step(_ claim: Claim, _ step: SessionStep) async throws(QueueError) -> Ownership {
        try await ownership(.step, [claim.job, "\(claim.fence)", step.rawValue])
    }

    /// Makes the session running. Only after `.ok` the machine may be switched on.
    /// - Parameter desktop: Whether it will be told when the desktop is there.
    package func commit(
        _ claim: Claim, accelerator: String, desktop: Session.Desktop = .there, folders: [SessionFolder] = []
    ) async throws(QueueError) -> Ownership {
        try await ownership(
            .commit,
            [claim.job, "\(claim.fence)", accelerator, desktop.field, folders.map(\.text).joined(separator: "\n")])
    }

    /// The session's desktop is there.
    /// - Returns: How long after its start, and its machine; nil if the session does not run, or is another claim's.
    package func ready(
        _ session: SessionID, fence: Int
    ) async throws(QueueError) -> (took: Duration, machine: String)? {
        guard let answer = try await call(.ready, [session.text, "\(fence)"]).array, answer.count == 2,
            let milliseconds = answer[0].integer, let machine = answer[1].string
        else { return nil }
        return (.milliseconds(milliseconds), machine)
    }

    /// A boot script has run in a session's guest. Again with the same result changes nothing.
    /// - Returns: Whether it was news.
    package func scripted(
        _ session: SessionID, fence: Int, _ result: BootScriptResult
    ) async throws(QueueError) -> Bool {
        try await call(.scripted, [session.text, "\(fence)", result.text]).string == "new"
    }

    /// What came with a request that is too long for the session's hash; nil for nothing.
    package func payload(of session: SessionID) async throws(QueueError) -> String? {
        try await send(["GET", "qwd:payload:\(session)"]).string
    }

    /// Forgets what came with a request: its machine runs.
    package func dropPayload(of session: SessionID) async throws(QueueError) {
        _ = try await send(["DEL", "qwd:payload:\(session)"])
    }

    /// The job is done. For a create job the display can be opened from now on.
    /// - Returns: `.cancel` for a create job whose session is being stopped or has ended meanwhile: the job is over all the
    ///   same, and the display has to be closed again.
    @discardableResult
    package func finish(
        _ claim: Claim, displayURL: String = ""
    ) async throws(QueueError) -> Ownership {
        try await ownership(.finish, [claim.job, "\(claim.fence)", displayURL])
    }

    /// The job did not work out, and everything made for it on the host is gone already.
    /// - Parameter delay: When to try again, if at all. Zero puts it back into its queue at once.
    /// - Returns: The job's state then, or nil if somebody else owns it.
    @discardableResult
    package func fail(
        _ claim: Claim, _ failure: FailureClass, message: String, delay: Duration
    ) async throws(QueueError) -> JobState? {
        try await call(
            .fail, [claim.job, "\(claim.fence)", failure.rawValue, message, "\(delay.milliseconds)"]
        ).string.flatMap(JobState.init(rawValue:))
    }

    /// A session's machine is gone without a stop job.
    @discardableResult
    package func end(
        _ session: SessionID, fence: Int, reason: EndReason, detail: String
    ) async throws(QueueError) -> Ownership {
        try await ownership(.end, [session.text, "\(fence)", reason.rawValue, detail])
    }

    /// Tells a running session's user that something is wrong; it goes on. An empty text takes it back.
    package func trouble(_ session: SessionID, detail: String) async throws(QueueError) {
        _ = try await call(.trouble, [session.text, detail])
    }

    private func ownership(_ transition: Transition, _ arguments: [String]) async throws(QueueError) -> Ownership {
        let reply = try await call(transition, arguments)
        guard let answer = reply.string.flatMap(Ownership.init(rawValue:)) else {
            throw Self.unexpected(reply, from: transition.rawValue)
        }
        return answer
    }
}

extension Duration {
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
