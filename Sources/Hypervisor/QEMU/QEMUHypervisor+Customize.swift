import Catalogue
import Glibc
package import Machines
import Processes

extension QEMUHypervisor {
    /// Longest time for a disk: libguestfs starts a machine of its own, which takes 20 s without KVM, and runs what it is told in it.
    private static let customizeLimit = Duration.seconds(600)
    /// Memory of that machine, in MiB.
    private static let customizeMemory = 768

    package func customizeDisk(_ specification: MachineSpecification) async throws(MachineError) {
        guard specification.customizesDisk else { return }
        let session = paths.session(specification.session)
        try FenceFile.check(session, specification.fence)
        if let problem = whyNotCustomized(specification) { throw MachineError(.badImage, problem) }
        let (account, machine) = (account(of: session), specification.machine)
        let scripts = DiskScripts(specification, paths: session)
        let lines = specification.diskCommands + scripts.commands
        let (commands, work) = (session.diskCommands, session.customizing)
        defer { for path in [commands, work] { Files.remove(path) } }
        let result = try await MachineError.translating { () async throws(ProcessError) in
            let system = try await appliance.made(libguestfs)
            try Files.write(lines.joined(separator: "\n") + "\n", to: commands)
            try account?.own(commands, mode: 0o400)
            try Files.makeDirectory(work)
            try account?.own(work, mode: 0o700)
            var program = customizer(account)
            program.fileBytes = specification.fileBytes
            var sandbox = Sandbox()
            sandbox.processes = .itselfInProc
            if kind == .kvm { sandbox.devices = [Sandbox.Mount("/dev/kvm")] }
            // The overlay has its name written in it.
            sandbox.readOnly = [
                Sandbox.Mount(system, at: "/appliance"), Sandbox.Mount(machine.path),
                Sandbox.Mount(commands, at: "/commands"),
            ]
            sandbox.readOnly += scripts.files
            // Every sandbox shows /usr.
            if appliance.windowsTools != WindowsService.directory {
                sandbox.readOnly.append(Sandbox.Mount(appliance.windowsTools))
            }
            sandbox.writable = [
                Sandbox.Mount(session.overlay, at: "/overlay.qcow2"), Sandbox.Mount(work, at: "/work"),
            ]
            program.sandbox = sandbox
            return try await ForegroundProcess.run(program, limit: Self.customizeLimit)
        }
        if result.isSuccess { return }
        let words = result.message.firstRange(of: "error: ").map { result.message[$0.upperBound...] }
        let said = (words ?? result.message[...]).replacing("libguestfs error: ", with: "")
        let why =
            scripts.meaning(of: String(said))
            ?? "its disk can't be prepared (\(DiskAppliance.program)): \(said.prefix(400))"
        throw MachineError(.badImage, "\(machine.title): \(why)")
    }

    /// Ends what a worker that was killed has left of it.
    func endCustomizing(_ session: SessionPaths) async {
        guard Files.exists(session.customizing) else { return }
        for process in ProcessHandle.all(mark: "\(session.diskCommands) ") {
            // It leads a session of its own: this reaches all that it has made.
            Glibc.kill(-process.pid, SIGKILL)
            _ = await process.kill()
        }
    }

    /// libguestfs starts QEMU itself, as we do.
    private var libguestfs: [String] {
        ["LIBGUESTFS_BACKEND=direct"] + (kind == .kvm ? [] : ["LIBGUESTFS_BACKEND_SETTINGS=force_tcg"])
    }

    private func customizer(_ account: Account?) -> Program {
        let environment = [
            "LIBGUESTFS_PATH=/appliance", "LIBGUESTFS_CACHEDIR=/work", "TMPDIR=/work", "HOME=/work",
            "XDG_RUNTIME_DIR=/work", "VIRT_TOOLS_DATA_DIR=\(appliance.windowsTools)",
        ]
        // It has an end of its own, should we be killed meanwhile.
        var program = Program(
            "timeout",
            ["--signal=KILL", "\(Self.customizeLimit.components.seconds)", "env"] + environment + libguestfs + [
                DiskAppliance.program, "--quiet", "--no-network", "--memsize", "\(Self.customizeMemory)", "--format",
                "qcow2", "--add", "/overlay.qcow2", "--commands-from-file", "/commands",
            ], package: "coreutils")
        program.account = account
        return program
    }

    /// Why a session's disk can't be changed, and the way out.
    private func whyNotCustomized(_ specification: MachineSpecification) -> String? {
        let machine = specification.machine
        guard machine.kind == .disk else {
            return
                "\(machine.title) is a CD: what changes its disk (virt-customize:, inject=firstboot) is for machines with a system on one."
        }
        if specification.usesMaster {
            return
                "\(machine.title) works on its own disk, which no boot script is put into: qwd start without --use-master."
        }
        if !specification.batchScripts.isEmpty, let why = WindowsService.problem(in: appliance.windowsTools) {
            return "\(machine.title): \(why)"
        }
        var status = stat()
        // Who looks into it has neither root's rights nor its owner's.
        guard stat(machine.path, &status) == 0, status.st_mode & S_IROTH != 0 || geteuid() != 0 else {
            return
                "\(machine.path) may not be read by everybody, which inject=firstboot and virt-customize: need: chmod o+r"
        }
        return nil
    }
}
