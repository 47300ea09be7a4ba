import FoundationEssentials
import Glibc
import Processes

/// The steps of one build. Leaves everything where it is when one fails: `ImageBuild` cleans up.
final class ImagePipeline {
    let tools: CommandRunner
    let directory: BuildDirectory
    let output: String
    /// The disk under its temporary name, in the directory of `output`.
    let partial: String
    private let progress: (BuildProgress) -> Void
    /// What is being done.
    private(set) var step = BuildStep.check

    /// The new system.
    var root: String { directory["root"] }
    /// The kernel's package, unpacked inside the new system so that the system's own depmod can read it.
    var kernel: String { root + "/kernel" }
    var disk: String { directory["disk.raw"] }

    init(
        tools: CommandRunner, directory: BuildDirectory, output: String, partial: String,
        progress: @escaping (BuildProgress) -> Void
    ) {
        self.tools = tools
        self.directory = directory
        self.output = output
        self.partial = partial
        self.progress = progress
    }

    func run() async throws {
        begin(.check)
        let sources = try await check()
        try await debootstrap(sources)
        begin(.kernel)
        let version = try await addKernel()
        begin(.configure)
        let ramdisk = try await configure(version)
        begin(.disk)
        try await writeDisk(ramdisk: ramdisk)
        begin(.convert)
        try await convert()
    }

    func begin(_ step: BuildStep) {
        self.step = step
        progress(step.progress())
    }

    func report(_ progress: BuildProgress) {
        // Many steps are one program; the error names the one that it was at.
        step = BuildStep(rawValue: progress.step) ?? step
        self.progress(progress)
    }

    /// The error for a person, with what a failed program said last.
    func report(_ error: any Error, log: String) -> ImageBuildError {
        switch error {
        case let error as ImageBuildError:
            unlink(log)
            return error
        case let failure as CommandRunner.Failure:
            let said = failure.tail.map { "\n  \($0)" }.joined()
            return ImageBuildError(
                .failed, step: step.rawValue, detail: "\(failure.command) failed (\(failure.status)):\(said)",
                advice: FailureHints.find(failure.tail), log: log)
        default:
            return ImageBuildError(
                .failed, step: step.rawValue, detail: "\(error)", advice: FailureHints.find([]), log: log)
        }
    }
}
