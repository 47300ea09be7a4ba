import Foundation
import Processes
import Testing

/// Real programs of the system.
@Suite(.timeLimit(.minutes(1)))
struct DetachedProcessTests {
    private let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "qwd-processes-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    private func start(
        _ program: String, _ arguments: [String], standardInput: Descriptor? = nil, log: String? = nil
    ) async throws(ProcessError) -> ProcessHandle {
        try await DetachedProcess.start(
            Program(program, arguments, package: "coreutils"), standardInput: standardInput, log: log)
    }

    /// Fields of `/proc/PID/stat` after the program's name (proc(5)): state, parent, group, session.
    private func statistics(_ pid: Int32) -> [String] {
        let text = Files.read("/proc/\(pid)/stat") ?? ""
        return text.split(separator: ") ").last?.split(separator: " ").map(String.init) ?? []
    }

    @Test func `a program has a session of its own and none of our descriptors, and is reaped`() async throws {
        // A number that the program itself does not use.
        let ours = fcntl(0, F_DUPFD, 900)
        defer { close(ours) }
        let process = try await start("sleep", ["60"])
        let fields = statistics(process.pid)
        #expect(fields[2] == "\(process.pid)")
        #expect(fields[3] == "\(process.pid)")
        #expect(!Files.names(in: "/proc/\(process.pid)/fd").contains("\(ours)"))
        let killed = await process.kill()
        #expect(killed)
        // A process that was waited for is no entry of /proc any more; that comes a moment after its end.
        while Files.read("/proc/\(process.pid)/stat") != nil { await Task.yield() }
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test func `who starts many at once is told of each which it is`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let log = "\(directory)/\(number)"
                    let process = try await start("cat", ["/proc/self/stat"], log: log)
                    let ended = await process.waitForEnd()
                    #expect(ended)
                    #expect(Files.read(log)?.hasPrefix("\(process.pid) (cat)") == true)
                }
            }
            try await group.waitForAll()
        }
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test func `it reads what it was given and writes into its log`() async throws {
        let input = "\(directory)/input", log = "\(directory)/log"
        try Data("good morning".utf8).write(to: URL(filePath: input))
        let process = try await start("cat", [], standardInput: Descriptor(open(input, O_RDONLY)), log: log)
        let ended = await process.waitForEnd()
        #expect(ended)
        #expect(Files.read(log) == "good morning")
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test func `what can't be started is named`() async throws {
        let missing = await #expect(throws: ProcessError.self) { try await start("no-such-program", []) }
        #expect(missing?.description.contains("no-such-program is not installed") == true)
        let broken = "\(directory)/broken"
        try Data([0x7F, 0x45, 0x4C, 0x46, 0]).write(to: URL(filePath: broken))
        chmod(broken, 0o755)
        let error = await #expect(throws: ProcessError.self) { try await start(broken, []) }
        #expect(error?.description.contains("\(broken) can't be started") == true, "\(String(describing: error))")
        try FileManager.default.removeItem(atPath: directory)
    }
}
