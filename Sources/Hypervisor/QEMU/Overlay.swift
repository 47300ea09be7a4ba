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

    /// Makes all disks that the session writes to, at once.
    static func make(
        _ specification: MachineSpecification, paths: SessionPaths, account: Account?
    ) async throws(MachineError) {
        let machine = specification.machine
        let below: (DiskFormat, String)? = machine.kind == .disk ? (machine.driver, machine.path) : nil
        async let other = Result { () async throws(MachineError) in
            guard let second = machine.disk2 else { return }
            try await make(
                paths, paths.overlay(MachineShape.DiskContent.Place.disk2.rawValue), over: (second.driver, second.path),
                bytes: second.virtualSizeBytes, account)
        }
        let own = await Result { () async throws(MachineError) in
            // The one that is there is written to.
            if specification.usesMaster { return }
            try await make(paths, paths.overlay, over: below, bytes: specification.diskBytes, account)
        }
        try await other.get()
        try own.get()
    }

    /// Makes one: on top of an image, or an empty disk.
    private static func make(
        _ paths: SessionPaths, _ path: String, over image: (driver: DiskFormat, path: String)?, bytes: Int,
        _ account: Account?
    ) async throws(MachineError) {
        var arguments = ["create", "-q", "-u", "-f", "qcow2"]
        // The name of the file below is for people: QEMU is told anew which one it is.
        if let image { arguments += ["-F", image.driver.rawValue, "-b", image.path] }
        arguments += [name, "\(bytes)"]
        var sandbox = Sandbox()
        sandbox.writable = [Sandbox.Mount(path, at: name)]
        var command = Program(program, arguments, package: "qemu-utils")
        command.account = account
        command.sandbox = sandbox
        let start = command
        let result = try await MachineError.translating { () async throws(ProcessError) in
            try Files.write("", to: path)
            try account?.own(path, mode: 0o600)
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

extension Result {
    /// What comes of something that is waited for.
    fileprivate init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
