import CLinux
import Glibc

/// A program that runs to its end.
package enum ForegroundProcess {
    package struct Result: Sendable {
        package var isSuccess: Bool
        package var output: String
        /// What it wrote to standard error, in one line.
        package var message: String
    }

    /// How much of what it writes is looked at.
    private static let longestText = 1 << 20

    /// - Parameters:
    ///   - input: What the program reads.
    ///   - limit: A program that runs for longer is killed with all its children, as it is when the task is cancelled.
    /// - Throws: `.timedOut` then.
    package static func run(
        _ program: Program, input: String = "", limit: Duration = .seconds(60)
    ) async throws(ProcessError) -> Result {
        // Files without a name in place of pipes: nobody has to read or write while it runs.
        let (reading, output, errors) = (try memory(input), try memory(), try memory())
        let pid = try Spawn.start(try program.command(), descriptors: [reading, output, errors])
        guard let process = ProcessHandle(unwaited: pid) else {
            end(pid)
            throw ProcessError(.system, "Process \(pid) can't be held: \(String(cString: strerror(errno)))")
        }
        let hasEnded = await process.waitForEnd(limit: limit)
        let wasCancelled = Task.isCancelled
        if !hasEnded {
            // It leads a session, so this reaches all that it has made.
            Glibc.kill(-pid, SIGKILL)
            // In a task of its own, which nobody cancels: until it has ended it may still hold files.
            await Task { _ = await process.waitForEnd(limit: .seconds(5)) }.value
        }
        let status = process.isGone ? end(pid) : nil
        guard hasEnded, let status else {
            if wasCancelled { throw ProcessError(.system, "\(program.name) was cancelled.") }
            throw ProcessError(
                .timedOut, "\(program.name) was not through after \(limit). Does its disk or network hang?")
        }
        return Result(
            isSuccess: status == 0, output: text(output),
            message: text(errors).split(separator: "\n").joined(separator: " "))
    }

    /// Reaps a child that has ended.
    @discardableResult
    private static func end(_ pid: pid_t) -> CInt {
        var status: CInt = -1
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private static func memory(_ content: String = "") throws(ProcessError) -> Descriptor {
        let number = memfd_create("qwd", UInt32(1))  // MFD_CLOEXEC
        guard number >= 0 else {
            throw ProcessError(.system, "Can't make a file in memory: \(String(cString: strerror(errno)))")
        }
        let bytes = Array(content.utf8)
        guard pwrite(number, bytes, bytes.count, 0) == bytes.count else {
            throw ProcessError(.system, "Can't write a file in memory: \(String(cString: strerror(errno)))")
        }
        return Descriptor(number)
    }

    private static func text(_ file: Descriptor) -> String {
        var bytes = [UInt8](repeating: 0, count: longestText)
        let count = pread(file.number, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
