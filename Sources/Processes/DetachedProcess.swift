import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A program that must outlive us.
///
/// It gets a session of its own (setsid(2)), so that Ctrl-C in our terminal does not end it, and nobody ends it when we end:
/// init becomes its parent then. QEMU's own -daemonize does not go with its sandbox.
package enum DetachedProcess {
    /// Starts a program and returns when the kernel runs it. What it does then is seen through what it was given.
    /// - Parameters:
    ///   - standardInput: Becomes descriptor 0 of the program; closed here when it runs. Nil means /dev/null.
    ///   - log: File that gets what the program says; nil throws it away.
    ///   - package: The Debian package that has the program.
    @discardableResult
    package static func start(
        _ program: String, _ arguments: [String], standardInput: Descriptor?, log: String?, package: String
    ) async throws(ProcessError) -> ProcessHandle {
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
            var platform = PlatformOptions()
            platform.createSession = true
            let configuration = Configuration(
                executable: .path(FilePath(path)), arguments: Arguments(arguments), environment: .forPrograms,
                platformOptions: platform)
            return try await withCheckedThrowingContinuation { continuation in
                run(configuration, input, output, Start(continuation))
            }
        } catch {
            throw ProcessError(.system, "\(program) can't be started: \(error)", cause: error)
        }
    }

    /// Runs a program in a task that nobody cancels. As long as we live it waits for the end of the program, to reap it.
    private static func run(
        _ configuration: Configuration, _ input: FileDescriptor, _ output: FileDescriptor, _ start: Start
    ) {
        Task.detached {
            do {
                _ = try await Subprocess.run(
                    configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .combinedWithOutput
                ) { execution in
                    let process = execution.processIdentifier
                    if let handle = ProcessHandle(child: process.value, descriptor: process.processDescriptor) {
                        start.succeeded(handle)
                    } else {
                        try execution.send(signal: .kill)
                        start.failed(ProcessError(.system, "it can't be held: errno \(errno)"))
                    }
                }
            } catch {
                start.failed(error)
            }
        }
    }

    /// The caller that waits for a start, and is told once what became of it.
    private final class Start: Sendable {
        private let caller: Mutex<CheckedContinuation<ProcessHandle, any Error>?>

        init(_ caller: CheckedContinuation<ProcessHandle, any Error>) {
            self.caller = Mutex(caller)
        }

        func succeeded(_ process: ProcessHandle) {
            caller.withLock { $0.take() }?.resume(returning: process)
        }

        func failed(_ error: any Error) {
            caller.withLock { $0.take() }?.resume(throwing: error)
        }
    }
}
