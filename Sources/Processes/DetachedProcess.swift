import CLinux
import Dispatch
import Glibc

/// A program that must outlive us.
///
/// It gets a session of its own (setsid(2)), so that Ctrl-C in our terminal does not end it, and nobody ends it when we end:
/// init becomes its parent then. QEMU's own -daemonize does not go with its sandbox.
package enum DetachedProcess {
    /// Starts a program and returns when the kernel runs it. What it does then is seen through what it was given.
    /// - Parameters:
    ///   - standardInput: Becomes descriptor 0 of the program. Nil means /dev/null.
    ///   - inherited: Become its descriptors 3, 4 and so on.
    ///   - log: File that gets what the program says; nil throws it away.
    /// - Returns: The program itself, also where bubblewrap stands between it and us.
    @discardableResult
    package static func start(
        _ program: Program, standardInput: Descriptor? = nil, inherited: [Descriptor] = [], log: String? = nil
    ) async throws(ProcessError) -> ProcessHandle {
        var command = try program.command()
        let input = if let standardInput { standardInput } else { try openFile("/dev/null", O_RDONLY) }
        let output = try openFile(log ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND)
        var descriptors = [input, output, output] + inherited
        guard let enclosure = program.sandbox,
            let place = command.firstIndex(where: { $0.hasSuffix("/\(Sandbox.program)") })
        else { return try follow(Spawn.start(command, descriptors: descriptors)) }
        let (reading, writing) = try pipe()
        command.insert(contentsOf: ["--info-fd", "\(descriptors.count)"], at: place + 1)
        descriptors.append(writing)
        if let filter = enclosure.filter {
            command.insert(contentsOf: ["--seccomp", "\(descriptors.count)"], at: place + 1)
            descriptors.append(try filter.file())
        }
        let sandbox = try follow(Spawn.start(command, descriptors: descriptors))
        close(writing.take())
        return try await inner(of: sandbox, told: reading, program, log: log)
    }

    /// Takes hold of a child, and waits for its end as long as we live, to reap it.
    private static func follow(_ pid: pid_t) throws(ProcessError) -> ProcessHandle {
        // Nobody has waited for it: the id is still its own.
        guard let process = ProcessHandle(unwaited: pid) else {
            let problem = String(cString: strerror(errno))
            Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw ProcessError(.system, "Process \(pid) can't be held: \(problem)")
        }
        // Not a child of the caller's task: who starts a program and is cancelled must not leave it unreaped.
        Task.detached {
            _ = await process.waitForEnd()
            waitpid(pid, nil, 0)
        }
        return process
    }

    /// Waits for the children of the program that this process was before (execv(2)): nobody else would, and they would stay
    /// when they have ended. Before any other child is made.
    package static func followInherited() {
        for thread in Files.names(in: "/proc/self/task") {
            let children = Files.read("/proc/self/task/\(thread)/children") ?? ""
            for child in children.split(separator: " ").compactMap({ pid_t($0) }) { _ = try? follow(child) }
        }
    }

    /// bubblewrap stays as the parent of the program; it tells which process that is (bwrap(1), --info-fd).
    private static func inner(
        of sandbox: ProcessHandle, told reading: Descriptor, _ program: Program, log: String?
    ) async throws(ProcessError) -> ProcessHandle {
        let text = await firstLines(of: reading)
        let digits = text.drop { !$0.isNumber }.prefix { $0.isNumber }
        if let pid = pid_t(digits), let process = ProcessHandle(unwaited: pid),
            process.parent == sandbox.pid || process.isGone
        {
            return process
        }
        _ = await sandbox.kill()
        let words = log.flatMap { Files.readEnd($0) }?.split(separator: "\n").last.map(String.init) ?? ""
        throw ProcessError(.ended, "\(program.name) ended as soon as it was started. \(words)")
    }

    /// Reads up to the closing brace, or the end.
    private static func firstLines(of reading: Descriptor) async -> String {
        await withCheckedContinuation { continuation in
            // A few milliseconds, but a blocking call: not on the threads of tasks.
            DispatchQueue.global().async {
                var text: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 256)
                while !text.contains(UInt8(ascii: "}")) {
                    let count = read(reading.number, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    if count <= 0 { break }
                    text += buffer[..<count]
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
    }

    private static func pipe() throws(ProcessError) -> (reading: Descriptor, writing: Descriptor) {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw failure("make a pipe") }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    private static func openFile(_ path: String, _ flags: CInt) throws(ProcessError) -> Descriptor {
        let number = open(path, flags | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw failure("open \(path)") }
        return Descriptor(number)
    }

    private static func failure(_ what: String) -> ProcessError {
        ProcessError(.system, "Can't \(what): \(String(cString: strerror(errno)))")
    }
}
