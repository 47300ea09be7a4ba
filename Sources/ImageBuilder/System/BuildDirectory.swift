import FoundationEssentials
import Glibc
import Processes

/// The directory that a build works in. Only its owner can look into it, it is locked while the build runs, and what an
/// earlier build left there when it was killed is removed first.
struct BuildDirectory: Sendable {
    let path: String
    private let parent: String
    private let lock: Descriptor
    private let madeParent: Bool

    /// - Parameters:
    ///   - parent: Made if it is not there.
    ///   - name: Machine that is built; one build of each at a time.
    init(in parent: String, name: String) throws(ImageBuildError) {
        let step = BuildStep.check.rawValue
        madeParent = !FileManager.default.fileExists(atPath: parent)
        self.parent = parent
        path = "\(parent)/qwd-build-\(name)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ImageBuildError(
                .notAllowed, step: step, detail: "the work directory \(path) can't be made: \(error)",
                advice: "Choose a directory that you may write to.")
        }
        chmod(path, 0o700)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ImageBuildError(
                .notAllowed, step: step, detail: "\(path): \(String(cString: strerror(errno)))",
                advice: "Remove it, or choose another work directory.")
        }
        lock = Descriptor(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ImageBuildError(
                .busy, step: step, detail: "\(name) is being built already, in \(path)",
                advice: "Wait for that build to end.")
        }
    }

    subscript(_ name: String) -> String { "\(path)/\(name)" }

    /// Removes everything in it; what belongs to the guest's users needs the enclosure.
    func empty(with tools: CommandRunner) async throws {
        let names = Files.names(in: path).map { self[$0] }
        // Never into a file system that a killed build may have left mounted.
        if !names.isEmpty { try await tools.run("rm", ["-rf", "--one-file-system", "--"] + names) }
    }

    /// Removes the directory itself, and its parent if that was made for it.
    func remove() {
        rmdir(path)
        if madeParent { rmdir(parent) }
    }
}
