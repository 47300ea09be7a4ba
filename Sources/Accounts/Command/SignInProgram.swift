import CLinux
import Glibc
import Processes

/// A running program of the `command` method, in a process group of its own. Blocks; used on one thread.
struct SignInProgram: ~Copyable {
    enum End: Sendable, Equatable {
        /// With the beginning of what it printed.
        case exited(CInt, output: [UInt8])
        case killed(CInt)
    }

    private let pid: pid_t
    private let descriptor: CInt
    /// What it prints. Never waited for alone: a child that it leaves behind may keep the other end open.
    private let output: CInt
    private let path: String

    /// More than any name has; the rest is read, so that the program is not held up, and dropped.
    private static let longestOutput = 4096

    /// - Parameter input: What the program can read; at most 4096 bytes.
    init(_ path: String, input: String) throws(AccountsError) {
        self.path = path
        let reader = Descriptor(try Self.pipe(input))
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else {
            throw AccountsError(.system, "pipe2 failed with error \(errno).")
        }
        let (reading, writing) = (Descriptor(ends[0]), Descriptor(ends[1]))
        do throws(ProcessError) {
            let nowhere = try Files.open("/dev/null", writable: true)
            pid = try Spawn.start([path], descriptors: [reader, writing, nowhere], environment: Self.environment)
        } catch {
            throw AccountsError(.badConfiguration, error.detail)
        }
        output = reading.take()
        // Until it is reaped in `end`, the id can't come to mean another process.
        descriptor = pidfd_open(pid, 0)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        close(output)
    }

    /// Waits for the end of the program, and ends it with its whole group when the time is over.
    func end(by deadline: ContinuousClock.Instant) throws(AccountsError) -> End {
        var printed: [UInt8] = []
        let ended = descriptor >= 0 && waitForEnd(by: deadline, &printed)
        if !ended { kill(-pid, SIGKILL) }
        var status: CInt = 0
        while waitpid(pid, &status, 0) == -1 {
            guard errno == EINTR else { throw AccountsError(.system, "\(path): waitpid failed with error \(errno).") }
        }
        guard ended else { throw AccountsError(.timeout, "\(path) did not end in time and was killed.") }
        // wait(2): the lowest seven bits are the signal, the byte above them the exit code.
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF, output: printed) : .killed(signal)
    }

    /// Waits until the program has ended, and reads what it prints meanwhile.
    /// - Returns: False if it has not ended in time.
    private func waitForEnd(by deadline: ContinuousClock.Instant, _ printed: inout [UInt8]) -> Bool {
        var pollers = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let left = max(deadline - .now, .zero)
            let count = poll(&pollers, nfds_t(pollers.count), CInt(clamping: left.milliseconds))
            if count == -1, errno != EINTR { return false }
            if count > 0, pollers[0].revents != 0 {
                // What it printed before it ended is in the pipe.
                _ = readOutput(&printed)
                return true
            }
            if count > 0, pollers[1].revents != 0, readOutput(&printed) {
                // Nobody has the other end any more; poll(2) skips what is negative.
                pollers[1].fd = -1
            }
            if left == .zero { return false }
        }
    }

    /// Reads what is there now.
    /// - Returns: Whether nothing can come any more.
    private func readOutput(_ printed: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // A program that prints faster than this reads must not keep it here past its time.
        for _ in 0..<64 {
            let count = read(output, &buffer, buffer.count)
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN && errno != EINTR }
            printed += buffer.prefix(min(count, Self.longestOutput - printed.count))
        }
        return false
    }
}

extension SignInProgram {
    private static let environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]

    /// A pipe that has `input` in it already and is closed at the other end: nobody has to write while the program runs.
    private static func pipe(_ input: String) throws(AccountsError) -> CInt {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw AccountsError(.system, "pipe2 failed with error \(errno).") }
        defer { close(ends[1]) }
        let bytes = Array(input.utf8)
        // An empty pipe takes PIPE_BUF (4096) bytes in one piece, without waiting.
        guard bytes.count <= 4096, write(ends[1], bytes, bytes.count) == bytes.count else {
            close(ends[0])
            throw AccountsError(.system, "The sign-in program can't be given its input.")
        }
        return ends[0]
    }
}
