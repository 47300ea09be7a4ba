import Subprocess
import SystemPackage

/// A program that runs to its end.
package enum ForegroundProcess {
    package struct Result: Sendable {
        package var isSuccess: Bool
        package var output: String
        /// What it wrote to standard error, in one line.
        package var message: String
    }

    /// - Parameters:
    ///   - input: What the program reads.
    ///   - limit: A program that runs for longer is killed with all its children, as it is when the task is cancelled.
    /// - Throws: `.timedOut` then.
    package static func run(
        _ program: Program, input: String = "", limit: Duration = .seconds(60)
    ) async throws(ProcessError) -> Result {
        let command = try program.command()
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        let configuration = Configuration(
            executable: .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: .forPrograms, workingDirectory: "/", platformOptions: platform)
        let ended: Result?
        do {
            ended = try await within(limit) {
                let result = try await Subprocess.run(
                    configuration, input: .string(input), output: .string(limit: 1 << 20),
                    error: .string(limit: 1 << 20))
                let message = result.standardError.split(separator: "\n").joined(separator: " ")
                return Result(
                    isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput, message: message)
            }
        } catch {
            throw ProcessError(.system, "\(program.name) can't be run: \(error)", cause: error)
        }
        if let ended { return ended }
        throw ProcessError(
            .timedOut, "\(program.name) was not through after \(limit). Does its disk or network hang?")
    }

    /// Runs `body`, but no longer than `limit`; nil if it took that.
    private static func within(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                // Ended early when the body has ended; the clock only bounds it.
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
