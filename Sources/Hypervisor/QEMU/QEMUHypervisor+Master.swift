import Catalogue
import Domain
import Logging
import Machines
import Processes

extension QEMUHypervisor {
    /// Longest wait for the disk a master image is on.
    private static let patience = Duration.seconds(1)

    /// Remembers which files a session's machine is made of.
    func rememberMaster(_ specification: MachineSpecification) throws(MachineError) {
        let machine = specification.machine
        if specification.usesMaster { try checkMasterIsFree(specification) }
        guard let identity = machine.identity else { return }
        let record = MasterRecord(path: machine.path, identity: specification.usesMaster ? nil : identity)
        let session = paths.session(specification.session)
        let others =
            [(MachineShape.DiskContent.Place.disk2, machine.disk2)]
            + zip([.cdrom, .cdrom2], machine.cdroms.map(Optional.some))
        try MachineError.translating { () throws(ProcessError) in
            try record.write(session)
            for case (let place, let image?) in others {
                guard let identity = image.identity else { continue }
                try MasterRecord(path: image.path, identity: identity).write(session, place)
            }
        }
    }

    /// Formats that QEMU writes as well as its own.
    private static let writable: Set<DiskFormat> = [.qcow2, .raw]

    /// Refuses to write to a file that another session's machine was made of, under whatever name. The queue lets nobody
    /// else have the machine meanwhile, but knows only names; QEMU's own locks are the last guard.
    private func checkMasterIsFree(_ specification: MachineSpecification) throws(MachineError) {
        let machine = specification.machine
        guard machine.kind == .disk, Self.writable.contains(machine.driver), let identity = machine.identity else {
            throw MachineError(
                .badImage,
                "The disk of \(machine.name) can't be written to: that is for disks that are qcow2 or raw. Convert it, or change a copy: qemu-img convert -O qcow2 \(machine.path) NEW.qcow2"
            )
        }
        let other = Self.masters(paths).first { session, record in
            session != specification.session
                && (record.path == machine.path
                    || record.identity.map { $0.device == identity.device && $0.inode == identity.inode } ?? false)
        }
        guard let other else { return }
        throw MachineError(
            .badImage, "The disk of \(machine.name) is in use by session \(other.session) on this host. Stop it first.")
    }

    func checkMasters() async {
        // All at once: of a disk that hangs they wait as long as one.
        await withDiscardingTaskGroup { group in
            for machine in machines.values { group.addTask { await self.checkMaster(machine) } }
        }
    }

    /// Looks whether the file that a machine was made of is still as it was, and tells when it is not.
    private func checkMaster(_ machine: LiveMachine) async {
        let records = MasterRecord.all(machine.paths)
        // A disk that hangs says nothing of the file.
        let look = { @Sendable () -> (path: String, problem: String)? in
            let problems = records.map { ($0.path, $0.problem()) }
            let told = problems.first { $0.1?.isEmpty == false } ?? problems.first { $0.1 == nil } ?? problems.first
            return told.flatMap { path, problem in problem.map { (path, $0) } }
        }
        guard let (path, problem) = await masterThreads.result(within: Self.patience, of: look) ?? nil,
            let known = machines[machine.session], known.fence == machine.fence, known.masterProblem != problem
        else { return }
        machines[machine.session]?.masterProblem = problem
        if !problem.isEmpty {
            logger.warning(
                "machine's disk file changed under a running session",
                metadata: [
                    "session.id": "\(machine.session)", "machine.file": "\(path)", "problem": "\(problem)",
                ])
        }
        tellTrouble(of: machine.session)
    }
}
