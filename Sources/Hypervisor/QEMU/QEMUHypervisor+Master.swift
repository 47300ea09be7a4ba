import Catalogue
import Domain
import Logging
import Machines
import Processes

extension QEMUHypervisor {
    /// Longest wait for the disk a master image is on.
    private static let patience = Duration.seconds(1)

    /// Remembers which file a session's machine is made of.
    func rememberMaster(_ specification: MachineSpecification) throws(MachineError) {
        guard let identity = specification.machine.identity else { return }
        let record = MasterRecord(path: specification.machine.path, identity: identity)
        let session = paths.session(specification.session)
        try MachineError.translating { () throws(ProcessError) in try record.write(session) }
    }

    func checkMasters() async {
        // All at once: of a disk that hangs they wait as long as one.
        await withDiscardingTaskGroup { group in
            for machine in machines.values { group.addTask { await self.checkMaster(machine) } }
        }
    }

    /// Looks whether the file that a machine was made of is still as it was, and tells when it is not.
    private func checkMaster(_ machine: LiveMachine) async {
        guard let record = MasterRecord(machine.paths) else { return }
        // A disk that hangs says nothing of the file.
        guard let problem = await masterThreads.result(within: Self.patience, of: { record.problem() }) ?? nil,
            let known = machines[machine.session], known.fence == machine.fence, known.masterProblem != problem
        else { return }
        machines[machine.session]?.masterProblem = problem
        if !problem.isEmpty {
            logger.warning(
                "machine's disk file changed under a running session",
                metadata: [
                    "session.id": "\(machine.session)", "machine.file": "\(record.path)", "problem": "\(problem)",
                ])
        }
        tellTrouble(of: machine.session)
    }
}
