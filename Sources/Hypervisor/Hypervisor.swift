package import Catalogue
package import Domain
package import Machines

/// Something that runs machines on this host. One session has at most one machine.
///
/// Every step names session and fence. It does nothing where a claim with a higher fence has acted before: those that throw say
/// so (`MachineError` `.stale`).
package protocol Hypervisor: Sendable {
    /// What accelerates the machines, for people: `kvm`, `tcg`, `simulated`.
    var accelerator: String { get }
    /// What accelerates this one of them.
    func accelerator(of machine: Machine) -> String
    /// Graphics cards of this host that guests can have, also those that some have.
    var graphicsCards: Int { get async }
    /// Why no machine can be started now, in words for an administrator, or nil.
    var problem: String? { get async }
    /// Returns when it is known whether there is a problem.
    func settle() async
    /// What happens to machines without our doing. One consumer.
    var events: AsyncStream<MachineEvent> { get }
    /// Makes the session's disk; what an earlier claim left of this session is removed first.
    func makeSnapshot(_ specification: MachineSpecification) async throws(MachineError)
    /// Does to the session's disk what is to be done before the machine starts, if there is anything.
    func customizeDisk(_ specification: MachineSpecification) async throws(MachineError)
    /// Starts the machine, paused. Returns when it answers.
    func launch(_ specification: MachineSpecification) async throws(MachineError)
    func connectNetwork(_ machine: MachineRef) async throws(MachineError)
    /// Lets a paused machine run. On a running one it does nothing.
    func switchOn(_ machine: MachineRef) async throws(MachineError)
    /// Asks the guest to power off, waits for it at most `grace`. Returns early when it did.
    func powerDown(_ machine: MachineRef, grace: Duration) async
    /// Ends the machine by force if it still lives and removes everything of the session. Safe whatever was or was not made.
    /// What a claim with a higher fence has made is left alone.
    func tearDown(_ machine: MachineRef) async throws(MachineError)
    /// The sessions whose machines live here.
    func living() async -> [SessionID]
    /// Takes hold of the machines that already live here, and of what was left of others.
    func adopt() async -> [AdoptedMachine]
    /// Says what a guest may do in its exchange folder.
    /// - Parameter bytes: The folder's limit.
    /// - Returns: Whether it is so now.
    func limitExchange(_ session: SessionID, to growth: ExchangeGrowth, bytes: Int) async -> Bool
    /// What files of its exchange folder take, in bytes, that have no name any more and that the guest still has open.
    func unnamedExchangeBytes(_ session: SessionID) async -> Int
    /// Looks after the machines.
    func checkUp() async
    /// Lets all machines stand still, because the disk they write to is nearly full. Again on those that do changes nothing.
    func pauseForSpace() async
    /// Lets those go on that stand still for want of space.
    func goOnWithSpace() async
    /// Watches the machines until cancelled.
    func run() async
}

extension Hypervisor {
    package var graphicsCards: Int { 0 }
    package func accelerator(of machine: Machine) -> String { accelerator }
}

/// A session's traces that were found on this host.
package struct AdoptedMachine: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// Never switched on.
        case paused
        case running
        case poweredOff
        /// It can't go on, and why.
        case crashed(String)
        /// Its process lives but does not answer. If it does later, an event tells.
        case silent
        /// There are files but no machine.
        case gone
    }

    package var session: SessionID
    /// Number of the last claim that acted here; zero if unknown.
    package var fence: Int
    package var state: State

    package var ref: MachineRef { MachineRef(session, fence: fence) }
}

/// What happened to a machine without our doing.
package enum MachineEvent: Sendable, Hashable {
    /// It is over. Its files are still there.
    case ended(SessionID, fence: Int, EndReason, detail: String)
    /// Its desktop is there, as its catalogue has said how to notice.
    /// - Parameter isTimed: Whether the time since its start is how long it took; not if nobody listened for a while.
    case ready(SessionID, fence: Int, isTimed: Bool)
    /// A boot script has run in it, as it says itself.
    case script(SessionID, fence: Int, BootScriptResult)
    /// It lives, but something is wrong that its user should know; an empty detail says that this is over.
    case trouble(SessionID, detail: String)
    /// One that was silent when it was adopted answers.
    case answered(AdoptedMachine)
}
