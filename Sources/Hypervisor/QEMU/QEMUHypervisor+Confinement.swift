import Catalogue
import Domain
import Glibc
import Machines
import Processes

extension QEMUHypervisor {
    private static let kvm = "/dev/kvm"

    /// QEMU, shut in: it has a user, namespaces and limits of its own, and of the host's files it sees the system's programs
    /// and can change none. Its disks and all its sockets are descriptors.
    func machineProgram(
        _ specification: MachineSpecification, _ shape: MachineShape, account: Account?
    ) -> Program {
        let scripts = BootScriptFiles(specification, paths: paths.session(specification.session))
        var program = Program(
            shape.architecture.emulator,
            QEMUArguments.make(shape, session: specification.session, rate: rate) + (scripts?.arguments ?? [])
                + specification.qemuOptions,
            package: shape.architecture.package)
        program.account = account
        program.fileBytes = specification.fileBytes
        var sandbox = Sandbox()
        sandbox.readOnly += scripts?.mounts ?? []
        if shape.accelerator == .kvm { sandbox.devices = [Sandbox.Mount(Self.kvm)] }
        program.sandbox = sandbox
        return program
    }

    /// Gives the session a user that no other session here has. Nil where we are not root: then all have ours.
    func assignUser(_ session: SessionPaths) throws(MachineError) -> Account? {
        guard let users else { return nil }
        let taken = Files.names(in: paths.sessions).compactMap { SessionID($0) }.compactMap {
            user(of: paths.session($0))
        }
        // Folders that outlive their sessions belong to these sessions' users.
        let kept = Files.names(in: paths.exchanges).compactMap { SessionID($0) }.compactMap {
            Files.owner(of: paths.exchange($0).files)
        }
        guard let user = users.free(besides: Set(taken + kept)) else {
            throw MachineError(
                .noSpace, "No user is left for a session: worker.users has \(users.first)-\(users.last). Widen it.")
        }
        try MachineError.translating { () throws(ProcessError) in
            try Files.write("\(user)\n", to: session.user)
        }
        return account(of: session)
    }

    /// As whom the session's programs run.
    func account(of session: SessionPaths) -> Account? {
        guard users != nil, let user = user(of: session) else { return nil }
        return Account(userID: user, groups: kind == .kvm ? Self.kvmGroup : [])
    }

    private func user(of session: SessionPaths) -> UInt32? {
        Files.read(session.user).flatMap { UInt32($0.filter(\.isNumber)) }
    }

    /// The group that may use the device: the only one of ours that a machine keeps.
    private static var kvmGroup: [UInt32] {
        var information = stat()
        return stat(kvm, &information) == 0 ? [information.st_gid] : []
    }

    /// Removes the session's control group: the kernel lets go of processes a moment after their end, and tells nobody. What
    /// does not go now goes with one of the next heartbeats.
    func removeGroup(of session: SessionID, tries: Int = 1) async {
        let group = ControlGroup(session.text, in: groups)
        for _ in 1..<tries where !group.remove() { try? await Task.sleep(for: .milliseconds(5)) }
        if group.remove() { emptyGroups.remove(session) } else { emptyGroups.insert(session) }
    }

    /// Tries once whether machines can be shut in, so that none starts where they can't.
    func tryConfinement() async throws(MachineError) {
        var program = Program("true", package: "coreutils")
        program.account = users?.probe
        program.sandbox = Sandbox()
        let trial = program
        let result = try await MachineError.translating { () async throws(ProcessError) in
            try await ForegroundProcess.run(trial, limit: .seconds(10))
        }
        guard result.isSuccess else {
            throw MachineError(
                .system,
                "Machines can't be shut in on this host: \(result.message) It must allow user namespaces (sysctl "
                    + "user.max_user_namespaces, kernel.unprivileged_userns_clone); a container needs the right to make "
                    + "namespaces and mounts.")
        }
    }
}

extension MachineSpecification {
    /// QEMU needs memory besides the guest's: its own, and under TCG the translated code, for which it takes up to 1 GiB.
    func limits(accelerator: Accelerator) -> ControlGroup.Limits {
        let overheadMiB = accelerator == .kvm ? 768 : 1792
        return ControlGroup.Limits(
            memoryBytes: (memoryMiB + overheadMiB) << 20,
            // A thread for each processor, those of the display's viewers, and up to 64 for its disks.
            processes: 256 + cpu, weight: 100 * cpu)
    }
}
