import Domain
package import Logging
import Processes
import QMP

/// Machines by QEMU. Each is a process of its own that outlives this worker and is adopted again through its QMP socket.
package actor QEMUHypervisor: Hypervisor {
    package nonisolated let events: AsyncStream<MachineEvent>
    package nonisolated let accelerator: String
    let kind: Accelerator
    let paths: HostPaths
    let logger: Logger
    var machines: [SessionID: LiveMachine] = [:]
    var silent: [SessionID: SilentMachine] = [:]
    private nonisolated let report: AsyncStream<MachineEvent>.Continuation
    private nonisolated let newcomers: AsyncStream<Newcomer>
    private nonisolated let welcome: AsyncStream<Newcomer>.Continuation

    private enum Newcomer: Sendable {
        case live(LiveMachine)
        case silent(SilentMachine)
    }

    package init(paths: HostPaths, accelerator: Accelerator, logger: Logger) {
        self.paths = paths
        self.accelerator = accelerator.rawValue
        kind = accelerator
        self.logger = logger
        (events, report) = AsyncStream.makeStream()
        (newcomers, welcome) = AsyncStream.makeStream()
    }

    /// Watches every machine until cancelled.
    package nonisolated func run() async {
        await withDiscardingTaskGroup { group in
            for await newcomer in newcomers {
                group.addTask {
                    switch newcomer {
                    case .live(let machine): await self.watch(machine)
                    case .silent(let machine): await self.listen(to: machine)
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// Starts to look after a machine that answers.
    func welcome(_ machine: LiveMachine) {
        machines[machine.session] = machine
        welcome.yield(.live(machine))
    }

    func follow(_ machine: SilentMachine) {
        welcome.yield(.silent(machine))
    }

    func emit(_ event: MachineEvent) {
        report.yield(event)
    }

    func live(_ session: SessionID) throws(MachineError) -> LiveMachine {
        guard let machine = machines[session] else {
            throw MachineError(.notAnswering, "The machine of session \(session) is not running here.")
        }
        return machine
    }
}
