import Glibc
import Machines
import Processes

/// The small system by which libguestfs looks into disks: a kernel and a root file system of this host's own packages, made once and
/// used by every session. Who uses it sees nothing else of the host.
package actor DiskAppliance {
    static let program = "virt-customize"
    static let package = "guestfs-tools"
    /// It copies some hundred megabytes.
    private static let limit = Duration.seconds(600)
    /// Of which version of libguestfs it is.
    private var mark: String { "\(path)/made-by" }
    private let path: String
    private let maker: String
    /// Where the host keeps what libguestfs puts into a Windows.
    nonisolated let windowsTools: String
    private var making: Task<Result<Void, ProcessError>, Never>?

    /// - Parameter maker: What makes one in a directory.
    package init(
        path: String, maker: String = "libguestfs-make-fixed-appliance",
        windowsTools: String = WindowsService.directory
    ) {
        (self.path, self.windowsTools) = (path, windowsTools)
        self.maker = maker
    }

    /// Makes it, if there is none or if libguestfs is a newer one.
    /// - Returns: Where it is.
    /// - Parameter environment: libguestfs's own, as `NAME=value`.
    func made(_ environment: [String]) async throws(ProcessError) -> String {
        let version = try await ForegroundProcess.run(
            Program(Self.program, ["--version"], package: Self.package), limit: .seconds(30)
        ).output
        if Files.read(mark) == version { return path }
        // Those who come meanwhile wait for the same.
        let task =
            making
            ?? Task {
                let result = await make(version, environment)
                making = nil
                return result
            }
        making = task
        try await task.value.get()
        return path
    }

    private func make(_ version: String, _ environment: [String]) async -> Result<Void, ProcessError> {
        // One that was killed may still write into its own.
        let new = "\(path).new-\(UInt32.random(in: 0...UInt32.max))"
        do throws(ProcessError) {
            try Files.makeDirectory(new)
            let result = try await ForegroundProcess.run(
                Program("env", environment + [maker, new], package: "coreutils"), limit: Self.limit)
            guard result.isSuccess else {
                throw ProcessError(
                    .system,
                    "libguestfs can't make its system for looking into disks: \(result.message.suffix(400)) libguestfs-test-tool says more."
                )
            }
            try Files.write(version, to: "\(new)/made-by")
            // It is used by the sessions' users, whatever mask of rights we have.
            for name in Files.names(in: new) where chmod("\(new)/\(name)", 0o644) != 0 { throw Self.failure(new) }
            guard chmod(new, 0o755) == 0 else { throw Self.failure(new) }
            Files.remove(path)
            guard rename(new, path) == 0 else { throw Self.failure(path) }
            return .success(())
        } catch {
            Files.remove(new)
            return .failure(error)
        }
    }

    private static func failure(_ path: String) -> ProcessError {
        ProcessError(.system, "Can't make \(path): \(String(cString: strerror(errno)))")
    }
}
