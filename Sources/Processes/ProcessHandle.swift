import CLinux
import Dispatch
import Glibc

/// One process, held by its pidfd: a recycled process id is never mistaken for it.
package final class ProcessHandle: Sendable {
    package let pid: Int32
    private let descriptor: Descriptor

    /// Takes hold of the process with id `pid` if its command line has `mark` in it, or answers nil: it is gone, or the id
    /// belongs to somebody else now.
    package init?(pid: Int32, mark: String) {
        let number = pidfd_open(pid, 0)
        guard number >= 0 else { return nil }
        descriptor = Descriptor(number)
        self.pid = pid
        // The descriptor is open: from here on the id can't come to mean another process unnoticed.
        guard !isGone, Self.commandLine(pid)?.contains(mark) == true, !isGone else { return nil }
    }

    /// Takes hold of a process that nobody has waited for yet, so that its id is its own.
    init?(unwaited pid: Int32) {
        let number = pidfd_open(pid, 0)
        guard number >= 0 else { return nil }
        descriptor = Descriptor(number)
        self.pid = pid
    }

    /// Takes hold of the process that is named in `file`, by its id and, where we wrote it, the time of its start.
    package convenience init?(pidFile file: String, mark: String) {
        guard let words = Files.read(file)?.split(whereSeparator: \.isWhitespace), let first = words.first,
            let pid = pid_t(first), pid > 1
        else { return nil }
        self.init(pid: pid, mark: mark)
        if words.count > 1, startTime != Int(words[1]) { return nil }
    }

    /// Writes its id and the time of its start, for who comes after us.
    package func record(in file: String) throws(ProcessError) {
        try Files.write("\(pid) \(startTime ?? 0)\n", to: file)
    }

    /// When it started, in clock ticks since the boot; nil when it is gone. Together with the id it names a process for good.
    var startTime: Int? { Self.statistics(pid).flatMap { $0.count > 19 ? Int($0[19]) : nil } }

    var parent: Int32? { Self.statistics(pid).flatMap { $0.count > 1 ? Int32($0[1]) : nil } }

    /// The fields of /proc/PID/stat after the program's name, which may hold anything (proc(5)).
    private static func statistics(_ pid: Int32) -> [Substring]? {
        guard let text = Files.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// No command line that we look for is longer, in bytes.
    private static let longest = 1 << 20

    /// Its program and arguments, each with a space behind it. Empty for a thread of the kernel, and for a process that has ended
    /// and was not waited for.
    ///
    /// It is empty too while the kernel loads a program, for some tenths of a millisecond, and nothing tells when that is over:
    /// a process with memory of its own is looked at again. It is read at once, or a process that loads a program between two
    /// pages would show the first of its old arguments and none of the last.
    private static func commandLine(_ pid: Int32) -> String? {
        for _ in 0..<100 {
            guard let text = Files.read("/proc/\(pid)/cmdline", chunk: longest) else { return nil }
            if !text.isEmpty || statistics(pid).flatMap({ $0.count > 20 ? Int($0[20]) : nil }) ?? 0 == 0 { return text }
            usleep(200)
        }
        return ""
    }

    /// Whether the process has ended, reaped or not.
    package var isGone: Bool {
        var poller = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 0) == 1
    }

    package func signal(_ signal: CInt) {
        _ = pidfd_send_signal(descriptor.number, signal, nil, 0)
    }

    /// Waits until the process has ended.
    /// - Returns: Whether it ended within `limit`. Nil waits for ever; a cancelled wait answers false.
    package func waitForEnd(limit: Duration? = nil) async -> Bool {
        if isGone { return true }
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor.number, queue: .global())
        source.setEventHandler { if self.isGone { continuation.finish() } }
        // The descriptor has to stay open until Dispatch has let go of it, which is later than `cancel()`: else the next one
        // that gets the same number would not be heard, or be taken for this one.
        source.setCancelHandler { withExtendedLifetime(self) {} }
        source.resume()
        defer { source.cancel() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in ended {} }
            if let limit {
                // Cancelled as soon as the process ends; the clock only bounds the wait.
                group.addTask { try? await Task.sleep(for: limit) }
            }
            await group.next()
            group.cancelAll()
            return isGone
        }
    }
}

extension ProcessHandle {
    /// Looks through all processes for the one that runs `program` and whose command line has `mark` in it. For the rare
    /// moments in which its process id is not known from a file. A process that is just being started has no command line yet.
    package static func find(_ program: String, mark: String) -> ProcessHandle? {
        all(mark: mark).first { $0.runs(program) }
    }

    /// Whether it is this program that it runs, and none that starts it or stands guard over it.
    package func runs(_ program: String) -> Bool {
        let path = Self.commandLine(pid)?.prefix { $0 != " " } ?? ""
        return path.split(separator: "/").last == program.split(separator: "/").last
    }

    /// All processes whose command line has `mark` in it, also those that start such a program or stand guard over it.
    package static func all(mark: String) -> [ProcessHandle] {
        others.compactMap { ProcessHandle(pid: $0, mark: mark) }
    }

    /// The ids of all processes but our own.
    private static var others: [pid_t] {
        Files.names(in: "/proc").compactMap { pid_t($0) }.filter { $0 != getpid() }
    }

    /// Ends the process by force.
    /// - Returns: Whether the kernel reported its exit within `limit`.
    package func kill(limit: Duration = .seconds(5)) async -> Bool {
        signal(SIGKILL)
        return await waitForEnd(limit: limit)
    }
}
