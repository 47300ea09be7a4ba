import Glibc

/// A program that runs to its end.
package enum ForegroundProcess {
    package struct Result: Sendable {
        package var isSuccess: Bool
        /// What it wrote to standard output.
        package var bytes: [UInt8]
        /// What it wrote to standard error, in one line.
        package var message: String
        package var output: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// How much of what it writes is looked at.
    private static let longestOutput = 8 << 20

    /// - Parameters:
    ///   - input: What the program reads.
    ///   - output: A file that gets what it writes, in place of the result.
    ///   - limit: A program that runs for longer is killed with all its children, as it is when the task is cancelled.
    /// - Throws: `.timedOut` then.
    package static func run(
        _ program: Program, input: String = "", output destination: Descriptor? = nil, limit: Duration = .seconds(60)
    ) async throws(ProcessError) -> Result {
        // Files without a name in place of pipes: nobody has to read or write while it runs.
        let (reading, errors) = (try Descriptor.memory(Array(input.utf8)), try Descriptor.memory())
        let output = if let destination { destination } else { try Descriptor.memory() }
        precondition(program.sandbox?.filter == nil, "nobody gives it the filter")
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
            isSuccess: status == 0, bytes: destination == nil ? bytes(output) : [],
            message: String(decoding: bytes(errors), as: UTF8.self).split(separator: "\n").joined(separator: " "))
    }

    /// Reaps a child that has ended.
    @discardableResult
    private static func end(_ pid: pid_t) -> CInt {
        var status: CInt = -1
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private static func bytes(_ file: Descriptor) -> [UInt8] {
        let length = min(max(0, Int(lseek(file.number, 0, SEEK_END))), longestOutput)
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, pread(file.number, buffer.baseAddress, length, 0))
        }
    }
}
