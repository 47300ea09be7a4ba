import Subprocess

/// A program that runs to its end.
package enum ForegroundProcess {
    package struct Result {
        package var isSuccess: Bool
        package var output: String
        /// What it wrote to standard error, in one line.
        package var message: String
    }

    /// - Parameter package: The Debian package that has the program, for the error when it is missing.
    package static func run(
        _ program: String, _ arguments: [String], package: String
    ) async throws(ProcessError) -> Result {
        do {
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(arguments), environment: .forPrograms, input: .none,
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            let message = result.standardError.split(separator: "\n").joined(separator: " ")
            return Result(
                isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput, message: message)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ProcessError(
                .missingProgram, "\(program) is not installed. Install it: apt-get install \(package)", cause: error)
        } catch {
            throw ProcessError(.system, "\(program) can't be run: \(error)", cause: error)
        }
    }
}
