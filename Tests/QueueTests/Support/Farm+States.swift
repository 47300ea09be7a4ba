import Domain
import Queue
import Testing

/// A session that a test has brought to some state, with the claim of the job that creates it.
struct Subject {
    var session: SessionID
    var job: String
    var claim: Claim?
}

extension Farm {
    /// Brings a new session on host h1 to `state`. The host has to be there.
    func session(in state: SessionState, owner: PersonName = "ann", cpu: Int = 1, lifetime: Int = 3600) async throws
        -> Subject
    {
        let enqueued = try await enqueue(owner, cpu: cpu, lifetime: lifetime)
        var subject = Subject(session: enqueued.session, job: enqueued.job.text)
        if state == .queued { return subject }
        let claim = try #require(try await claim())
        #expect(claim.session == enqueued.session)
        subject.claim = claim
        if state == .starting { return subject }
        #expect(try await queue.commit(claim, accelerator: "kvm") == .ok)
        #expect(try await queue.finish(claim, displayURL: "http://h1:6080") == .ok)
        switch state {
        case .stopping:
            #expect(try await queue.stop(subject.session) == .stopping)
        case .lost:
            try await silence("h1")
            #expect(try await reap().lost >= 1)
        case .ended:
            #expect(try await queue.end(subject.session, fence: claim.fence, reason: .poweredOff, detail: "") == .ok)
        case .queued, .starting, .running:
            break
        }
        #expect(try await self.state(subject.session) == state)
        return subject
    }

    func state(_ session: SessionID) async throws -> SessionState? {
        try await queue.session(session)?.state
    }

    func jobState(_ job: String) async throws -> JobState? {
        try await queue.job(job)?.state
    }

    /// Processors and MiB that are promised on the host.
    func reserved(_ host: String = "h1") async throws -> [Int] {
        let host = try #require(try await queue.hosts().first { $0.name == host })
        return [host.reserved.cpu, host.reserved.memoryMiB, host.sessions]
    }

    /// The states in a session's log, as they followed each other.
    func history(_ session: SessionID) async throws -> [SessionState] {
        try await queue.events(of: session).map(\.state).reduce(into: []) { states, state in
            if states.last != state { states.append(state) }
        }
    }
}
