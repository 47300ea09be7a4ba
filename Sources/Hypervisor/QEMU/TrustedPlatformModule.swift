import Catalogue
import Domain
import Machines
import Processes

/// The process that is a machine's trusted platform module. It has the session's user and sees nothing of the host but the
/// directory in which it keeps what the guest gives it. The session's teardown ends it: that QEMU has gone it does not
/// take for a reason.
enum TrustedPlatformModule {
    static let program = "swtpm"

    /// A text that stands in its command line, and in that of its guard.
    static func mark(_ session: SessionID) -> String { "dir=\(directory(session))," }
    private static func directory(_ session: SessionID) -> String { "/tpm-\(session)" }

    /// Starts it.
    /// - Returns: The process, and QEMU's end of the connection to it.
    static func start(
        _ session: SessionID, _ paths: SessionPaths, account: Account?
    ) async throws(ProcessError) -> (process: ProcessHandle, connection: Descriptor) {
        try Files.makeDirectory(paths.tpm)
        try account?.own(paths.tpm, mode: 0o700)
        var command = Program(
            program,
            [
                "socket", "--tpm2", "--tpmstate", "\(mark(session))mode=0600", "--ctrl", "type=unixio,clientfd=3",
            ], package: "swtpm")
        command.account = account
        // What it keeps is some 20 KiB.
        command.fileBytes = 16 << 20
        var sandbox = Sandbox()
        sandbox.writable = [Sandbox.Mount(paths.tpm, at: directory(session))]
        command.sandbox = sandbox
        let (ours, its) = try UnixSocket.pair()
        let process = try await DetachedProcess.start(command, inherited: [its], log: paths.tpmLog)
        return (process, ours)
    }
}

/// UEFI's memory of its settings: each session begins with the system's own.
enum UEFIVariables {
    static func make(_ machine: Machine, paths: SessionPaths) throws(MachineError) {
        guard let uefi = MachinePrograms.uefi(machine.hardware.architecture, machine.hardware.firmware) else { return }
        try MachineError.translating { () throws(ProcessError) in try Files.copy(uefi.variables, to: paths.variables) }
    }
}
