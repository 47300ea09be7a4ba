import Processes

/// The disk a session writes to. The machine's own file is only ever read.
enum Overlay {
    static let program = "qemu-img"

    /// Makes the session's overlay: on top of the machine's disk, or an empty disk beside an ISO.
    static func make(_ specification: MachineSpecification, paths: SessionPaths) async throws(MachineError) {
        let machine = specification.machine
        var arguments = ["create", "-q", "-f", "qcow2"]
        switch machine.kind {
        case .disk: arguments += ["-F", machine.format.rawValue, "-b", machine.path, paths.overlay]
        case .iso: arguments += [paths.overlay, "\(specification.diskGiB)G"]
        }
        let command = arguments
        let result = try await MachineError.translating { () async throws(ProcessError) in
            try await ForegroundProcess.run(program, command, package: "qemu-utils")
        }
        if result.isSuccess { return }
        if result.message.contains("No space left") {
            throw MachineError(
                .noSpace, "No space left in \(paths.disk). Free some; the session starts then by itself.")
        }
        if machine.kind == .disk, result.message.contains("backing") {
            throw MachineError(
                .badImage,
                "The machine's file \(machine.path) can't be used as \(machine.format.rawValue): \(result.message)")
        }
        throw MachineError(.system, "The session's disk can't be made: \(result.message)")
    }
}
