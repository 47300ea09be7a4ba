import Catalogue
import Machines
import Processes

/// The disk a session writes to. The machine's own file is only ever read, and here not even opened.
enum Overlay {
    static let program = "qemu-img"

    /// Longest time for a file of some hundred kilobytes. More means that the file system hangs.
    private static let limit = Duration.seconds(30)
    /// Its name where qemu-img runs.
    private static let name = "/overlay.qcow2"

    /// Makes the session's overlay: on top of the machine's disk, or an empty disk beside an ISO.
    static func make(
        _ specification: MachineSpecification, paths: SessionPaths, account: Account?
    ) async throws(MachineError) {
        let machine = specification.machine
        var arguments = ["create", "-q", "-u", "-f", "qcow2"]
        switch machine.kind {
        // The name of the file below is for people: QEMU is told anew which one it is.
        case .disk:
            arguments += ["-F", machine.driver.rawValue, "-b", machine.path]
        case .iso: break
        }
        arguments += [name, "\(specification.diskBytes)"]
        var sandbox = Sandbox()
        sandbox.writable = [Sandbox.Mount(paths.overlay, at: name)]
        var command = Program(program, arguments, package: "qemu-utils")
        command.account = account
        command.sandbox = sandbox
        let start = command
        let result = try await MachineError.translating { () async throws(ProcessError) in
            try Files.write("", to: paths.overlay)
            try account?.own(paths.overlay, mode: 0o600)
            return try await ForegroundProcess.run(start, limit: limit)
        }
        if result.isSuccess { return }
        if result.message.contains("No space left") {
            throw MachineError(
                .noSpace, "No space left in \(paths.disk). Free some; the session starts then by itself.")
        }
        throw MachineError(.system, "The session's disk can't be made: \(result.message)")
    }
}
