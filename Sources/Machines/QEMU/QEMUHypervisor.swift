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
    private nonisolated let report: AsyncStream<MachineEvent>.Continuation
    private nonisolated let newcomers: AsyncStream<LiveMachine>
    private nonisolated let welcome: AsyncStream<LiveMachine>.Continuation

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
            for await machine in newcomers {
                group.addTask { await self.watch(machine) }
            }
            group.cancelAll()
        }
    }

    /// Starts to look after a machine that answers.
    func welcome(_ machine: LiveMachine) {
        machines[machine.session] = machine
        welcome.yield(machine)
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
