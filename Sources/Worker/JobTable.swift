import Domain
import FoundationEssentials
import Machines
import Queue

/// The jobs this worker has at the moment, and the sessions something is being done with.
actor JobTable {
    private struct Entry {
        var abort: AsyncStream<Void>.Continuation
        var isAborted = false
    }

    /// By claim and not by job: a job whose lease was over may come back while its earlier claim is still being undone.
    private var entries: [Claim: Entry] = [:]
    private var held: [SessionID: Int] = [:]
    private var claimKey: String?
    /// Sessions whose process or files did not go, with the fence up to which they are ours to free.
    private(set) var pendingCleanup: [SessionID: MachineRef] = [:]

    /// Machines that belong to no session of this host.
    private var strayMachines: [SessionID: StrayMachine] = [:]
    /// Whether the queue was told of one.
    private(set) var toldStrays = false
    /// Another worker acts for this host: nothing may be taken.
    private(set) var isTaken = false

    /// Sessions whose machines live and could not be reached.
    private var unreached: Set<MachineRef> = []

    /// Why no job could be taken the last time; nil when it could.
    private var problem: String?

    /// Notes why no job can be taken, or that it can be.
    /// - Returns: Whether it is another reason than before: one that lasts is asked five times a second and logged once.
    func isNews(_ problem: String?) -> Bool {
        defer { self.problem = problem }
        return problem != self.problem
    }

    var claims: [Claim] { Array(entries.keys) }

    var creates: Int { entries.keys.count { $0.kind == .create } }

    func isBusy(_ session: SessionID) -> Bool { held[session] != nil }

    func isStopping(_ session: SessionID) -> Bool {
        entries.keys.contains { $0.kind == .stop && $0.session == session }
    }

    /// Notes a job that begins.
    /// - Returns: A stream that ends when the job must be given up, or is over.
    func begin(_ claim: Claim) -> AsyncStream<Void> {
        let (aborted, abort) = AsyncStream.makeStream(of: Void.self)
        entries[claim] = Entry(abort: abort)
        retain(claim.session)
        return aborted
    }

    func end(_ claim: Claim) {
        entries.removeValue(forKey: claim)?.abort.finish()
        release(claim.session)
    }

    /// Makes a job give up: the queue has told that it is not wanted, or not ours, any more.
    func abort(_ claim: Claim) {
        entries[claim]?.isAborted = true
        entries[claim]?.abort.finish()
    }

    /// Whether the queue has told us to give it up.
    func isAborted(_ claim: Claim) -> Bool { entries[claim]?.isAborted == true }

    /// The key of the next claim: the same one until there was an answer, so that a job is not lost with a reply.
    func nextClaimKey() -> String {
        let key = claimKey ?? UUID().uuidString
        claimKey = key
        return key
    }

    func claimAnswered() { claimKey = nil }

    func addPendingCleanup(_ machine: MachineRef) { pendingCleanup[machine.session] = machine }

    func cleanedUp(_ session: SessionID) { pendingCleanup[session] = nil }

    var waitingToResume: Set<MachineRef> { unreached }

    func resumeLater(_ machine: MachineRef) { unreached.insert(machine) }

    func resumed(_ machine: MachineRef) { unreached.remove(machine) }

    var strays: [StrayMachine] { strayMachines.values.sorted { $0.ref.session < $1.ref.session } }

    func stray(_ session: SessionID) -> StrayMachine? { strayMachines[session] }

    /// - Returns: Whether it is new.
    func add(_ stray: StrayMachine) -> Bool { strayMachines.updateValue(stray, forKey: stray.ref.session) == nil }

    /// - Returns: Whether it was one.
    func removeStray(_ session: SessionID) -> Bool { strayMachines.removeValue(forKey: session) != nil }

    func toldStrays(_ told: Bool) { toldStrays = told }

    func take(_ taken: Bool) { isTaken = taken }

    func retain(_ session: SessionID?) {
        if let session { held[session, default: 0] += 1 }
    }

    func release(_ session: SessionID?) {
        guard let session, let count = held[session] else { return }
        held[session] = count == 1 ? nil : count - 1
    }
}
