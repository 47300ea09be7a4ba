import Subprocess
import SystemPackage

/// A program that must outlive us.
///
/// `setsid --fork` gives it a session of its own and init as its parent: Ctrl-C in our terminal or the end of the worker
/// does not end it. QEMU's own -daemonize does not go with its sandbox.
package enum DetachedProcess {
    /// Starts a program and returns when the kernel has it. What it does then is seen through what it was given.
    /// - Parameters:
    ///   - standardInput: Becomes descriptor 0 of the program; closed here when it runs. Nil means /dev/null.
    ///   - log: File that gets what the program says; nil throws it away.
    ///   - package: The Debian package that has the program.
    package static func start(
        _ program: String, _ arguments: [String], standardInput: Descriptor?, log: String?, package: String
    ) async throws(ProcessError) {
        guard let path = Programs.find(program) else {
            throw ProcessError(.missingProgram, "\(program) is not installed. Install it: apt-get install \(package)")
        }
        do {
            let output = try FileDescriptor.open(
                log ?? "/dev/null", .writeOnly, options: [.create, .append, .closeOnExec],
                permissions: [.ownerReadWrite])
            let input =
                try standardInput.map { FileDescriptor(rawValue: $0.take()) }
                ?? FileDescriptor.open("/dev/null", .readOnly, options: .closeOnExec)
            let result = try await Subprocess.run(
                .name("setsid"), arguments: Arguments(["--fork", path] + arguments),
                input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .combinedWithOutput)
            guard result.terminationStatus.isSuccess else {
                throw ProcessError(.system, "\(program) can't be started: setsid: \(result.terminationStatus)")
            }
        } catch let error as ProcessError {
            throw error
        } catch {
            throw ProcessError(.system, "\(program) can't be started: \(error)", cause: error)
        }
    }
}
