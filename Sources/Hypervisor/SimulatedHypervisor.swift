import Catalogue
package import Domain
package import Machines

/// Machines that exist only in memory: everything of a worker but QEMU, for tests and measurements of the queue.
package actor SimulatedHypervisor: Hypervisor {
    package nonisolated let accelerator = "simulated"
    package nonisolated var problem: String? { nil }
    package func settle() {}

    package nonisolated let events: AsyncStream<MachineEvent>
    private nonisolated let report: AsyncStream<MachineEvent>.Continuation
    private var machines: [SessionID: AdoptedMachine] = [:]
    /// What `launch` throws for machines of this name, instead of starting them.
    private let failures: [String: MachineError]
    /// How often each session's machine was switched on.
    package private(set) var switchedOn: [SessionID: Int] = [:]

    package init(failures: [String: MachineError] = [:]) {
        self.failures = failures
        (events, report) = AsyncStream.makeStream()
    }

    package func makeSnapshot(_ specification: MachineSpecification) throws(MachineError) {
        try check(specification.ref)
        machines[specification.session] = AdoptedMachine(
            session: specification.session, fence: specification.fence, state: .gone)
    }

    package func launch(_ specification: MachineSpecification) throws(MachineError) {
        try check(specification.ref)
        if let failure = failures[specification.machine.name] { throw failure }
        machines[specification.session]?.state = .paused
    }

    package func connectNetwork(_ machine: MachineRef) throws(MachineError) { try check(machine) }

    package func switchOn(_ machine: MachineRef) throws(MachineError) {
        try check(machine)
        let session = machine.session
        guard machines[session] != nil else { throw MachineError(.notAnswering, "There is no machine of \(session).") }
        if machines[session]?.state == .paused { switchedOn[session, default: 0] += 1 }
        machines[session]?.state = .running
    }

    package func powerDown(_ machine: MachineRef, grace: Duration) {}
    package func customizeDisk(_ specification: MachineSpecification) {}
    package func limitExchange(_ session: SessionID, to growth: ExchangeGrowth, bytes: Int) -> Bool { true }
    package func unnamedExchangeBytes(_ session: SessionID) -> Int { 0 }

    package func tearDown(_ machine: MachineRef) throws(MachineError) {
        if let known = machines[machine.session], known.fence <= machine.fence { machines[machine.session] = nil }
    }

    private func check(_ machine: MachineRef) throws(MachineError) {
        guard let known = machines[machine.session], known.fence > machine.fence else { return }
        throw MachineError(.stale, "Claim \(known.fence) has taken over from claim \(machine.fence).")
    }

    package func living() -> [SessionID] {
        machines.values.filter { $0.state != .gone }.map(\.session)
    }

    package func adopt() -> [AdoptedMachine] {
        machines.values.sorted { $0.session < $1.session }
    }

    package func checkUp() {}
    package func pauseForSpace() {}
    package func goOnWithSpace() {}

    package func run() async {}

    /// Puts there what an earlier worker has left.
    package func leave(_ machine: MachineRef, _ state: AdoptedMachine.State) {
        machines[machine.session] = AdoptedMachine(session: machine.session, fence: machine.fence, state: state)
    }

    /// Lets a machine end by itself.
    package func end(_ session: SessionID, _ reason: EndReason, detail: String = "") {
        guard let machine = machines[session] else { return }
        report.yield(.ended(session, fence: machine.fence, reason, detail: detail))
    }
}
