import Domain
import Queue

/// The jobs this worker has at the moment, and the sessions something is being done with.
actor JobTable {
    private struct Entry {
        var claim: Claim
        var abort: AsyncStream<Void>.Continuation
    }

    private var entries: [String: Entry] = [:]
    private var held: [SessionID: Int] = [:]

    var claims: [Claim] { entries.values.map(\.claim) }

    var creates: Int { entries.values.count { $0.claim.kind == .create } }

    func isBusy(_ session: SessionID) -> Bool { held[session] != nil }

    /// Notes a job that begins.
    /// - Returns: A stream that ends when the job must be given up, or is over.
    func begin(_ claim: Claim) -> AsyncStream<Void> {
        let (aborted, abort) = AsyncStream.makeStream(of: Void.self)
        entries[claim.job] = Entry(claim: claim, abort: abort)
        hold(claim.session)
        return aborted
    }

    func end(_ claim: Claim) {
        entries.removeValue(forKey: claim.job)?.abort.finish()
        letGo(claim.session)
    }

    /// Makes a job give up: the queue has told that it is not wanted, or not ours, any more.
    func abort(_ claim: Claim) {
        entries[claim.job]?.abort.finish()
    }

    func hold(_ session: SessionID?) {
        if let session { held[session, default: 0] += 1 }
    }

    func letGo(_ session: SessionID?) {
        guard let session, let count = held[session] else { return }
        held[session] = count == 1 ? nil : count - 1
    }
}
