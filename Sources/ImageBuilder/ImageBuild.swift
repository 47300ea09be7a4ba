import Glibc
import SystemPackage

/// One build of a machine's disk from Debian packages, without a loop device or a mount on the host.
///
/// mmdebstrap makes the system in a directory, mke2fs copies that into a partition, mtools and syslinux make the boot
/// partition, qemu-img makes the qcow2 file. Everything runs in namespaces of its own (see `NamespaceSandbox`).
package struct ImageBuild: Sendable {
    /// The machines that can be built.
    package static let names = ["debian-desktop"]

    let name: String
    let output: String
    let workDirectory: String

    /// - Parameters:
    ///   - name: One of `names`.
    ///   - output: Where the qcow2 file goes. One that is there is replaced, at the end and in one step.
    ///   - workDirectory: Where a directory for the build is made, and removed. It needs 2 GiB, best not on a tmpfs.
    package init(name: String, output: String, workDirectory: String) {
        self.name = name
        self.output = output
        self.workDirectory = workDirectory
    }

    /// Builds the machine. Some minutes, most of them spent by dpkg.
    ///
    /// Whether it fails or is cancelled, no process, no mount and no file is left but, after a failure, the log.
    /// - Parameter progress: Called often, by one task.
    /// - Throws: A cancelled build throws `.cancelled`.
    package func run(progress: @escaping @Sendable (BuildProgress) -> Void) async throws(ImageBuildError) {
        progress(BuildStep.check.progress())
        guard Self.names.contains(name) else {
            throw ImageBuildError(
                .unknownMachine, step: BuildStep.check.rawValue, detail: "no machine “\(name)” can be built",
                advice: "These can: \(Self.names.joined(separator: ", ")).")
        }
        let isRoot = geteuid() == 0
        if let missing = HostPrograms.missing(isRoot: isRoot) { throw missing }
        let directory = try BuildDirectory(in: workDirectory, name: name)
        defer { directory.remove() }
        let tools: CommandRunner
        do {
            tools = CommandRunner(enclosure: NamespaceSandbox(isRoot: isRoot), log: try BuildLog(path: log))
        } catch {
            throw ImageBuildError(
                .notAllowed, step: BuildStep.check.rawValue, detail: "\(log) can't be written: \(error)",
                advice: "Choose a place for the machine that you may write to.")
        }
        let assembly = ImagePipeline(
            tools: tools, directory: directory, output: output, partial: partial, progress: progress)
        do {
            try await assembly.run()
            unlink(log)
            await clean(directory, isRoot)
        } catch {
            unlink(partial)
            await clean(directory, isRoot)
            if error is CancellationError || Task.isCancelled {
                unlink(log)
                throw ImageBuildError(.cancelled, step: assembly.step.rawValue, detail: "cancelled")
            }
            throw assembly.report(error, log: log)
        }
    }

    private var log: String { output + ".build.log" }
    private var partial: String { output + ".partial" }

    /// Removes what the build left. In a task of its own: in a cancelled one nothing could be run any more.
    private func clean(_ directory: BuildDirectory, _ isRoot: Bool) async {
        await Task {
            // What can't be removed is removed by the next build, or seen by the administrator in the work directory.
            guard let log = try? BuildLog(path: "/dev/null") else { return }
            try? await directory.empty(with: CommandRunner(enclosure: NamespaceSandbox(isRoot: isRoot), log: log))
        }.value
    }
}
