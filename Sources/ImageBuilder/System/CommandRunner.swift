import Processes
import Subprocess
import SystemPackage

/// Runs the programs of a build, one after the other, and logs what they say.
final class CommandRunner {
    struct Failure: Error {
        var command: String
        var status: String
        /// The last lines the program wrote.
        var tail: [String]
    }

    let enclosure: NamespaceSandbox
    private var log: BuildLog

    init(enclosure: NamespaceSandbox, log: consuming BuildLog) {
        self.enclosure = enclosure
        self.log = log
    }

    /// Runs a program to its end. When the task is cancelled the program and all its children are killed first.
    /// - Parameters:
    ///   - input: What the program reads.
    ///   - onLine: Called for each line of standard output and standard error, as it comes.
    func run(
        _ program: String, _ arguments: [String], input: String = "", onLine: (String) -> Void = { _ in }
    ) async throws {
        try Task.checkCancellation()
        log.begin(([program] + arguments).joined(separator: " "))
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in our terminal must not reach the program before we have decided what to do.
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        let result = try await Subprocess.run(
            .path(FilePath(Programs.find("unshare") ?? "unshare")),
            arguments: Arguments(enclosure.arguments(program, arguments)),
            environment: .forDownloads.updating([
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive",
            ]),
            platformOptions: options, input: .string(input), output: .sequence, error: .combinedWithOutput
        ) { execution in
            var splitter = LineSplitter()
            for try await buffer in execution.standardOutput {
                for line in buffer.withUnsafeBytes({ splitter.add($0) }) {
                    log.add(line)
                    onLine(line)
                }
            }
            if let line = splitter.end() {
                log.add(line)
                onLine(line)
            }
        }
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            throw Failure(command: program, status: "\(result.terminationStatus)", tail: log.tail)
        }
    }

    /// Runs a program to its end and answers with what it wrote.
    func output(_ program: String, _ arguments: [String]) async throws -> String {
        var lines: [String] = []
        try await run(program, arguments) { lines.append($0) }
        return lines.joined(separator: "\n")
    }
}
