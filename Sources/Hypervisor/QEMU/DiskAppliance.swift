import Glibc
import Machines
import Processes

/// The small system by which libguestfs looks into disks: a kernel and a root file system of this host's own packages, made once and
/// used by every session. Who uses it sees nothing else of the host.
package actor DiskAppliance {
    static let program = "virt-customize"
    static let package = "guestfs-tools"
    private static let maker = "libguestfs-make-fixed-appliance"
    /// It copies some hundred megabytes.
    private static let limit = Duration.seconds(600)
    /// Of which version of libguestfs it is.
    private var mark: String { "\(path)/made-by" }
    private let path: String
    private var making: Task<Result<Void, ProcessError>, Never>?

    package init(path: String) {
        self.path = path
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
        let task = making ?? Task { await make(version, environment) }
        making = task
        defer { making = nil }
        try await task.value.get()
        return path
    }

    private func make(_ version: String, _ environment: [String]) async -> Result<Void, ProcessError> {
        let new = "\(path).new"
        do throws(ProcessError) {
            Files.remove(new)
            try Files.makeDirectory(new)
            let result = try await ForegroundProcess.run(
                Program("env", environment + [Self.maker, new], package: "coreutils"), limit: Self.limit)
            guard result.isSuccess else {
                throw ProcessError(
                    .system,
                    "libguestfs can't make its system for looking into disks: \(result.message.suffix(400)) libguestfs-test-tool says more."
                )
            }
            try Files.write(version, to: "\(new)/made-by")
            Files.remove(path)
            guard rename(new, path) == 0 else {
                throw ProcessError(.system, "Can't make \(path): \(String(cString: strerror(errno)))")
            }
            return .success(())
        } catch {
            Files.remove(new)
            return .failure(error)
        }
    }
}
