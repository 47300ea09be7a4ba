import Foundation
import Processes
import Testing

/// Real bubblewrap.
@Suite(.timeLimit(.minutes(1)), .enabled(if: Programs.find("bwrap") != nil, "bubblewrap isn't installed"))
struct SandboxTests {
    private let root = NSTemporaryDirectory() + "qwd-sandbox-\(UUID().uuidString.prefix(8))"
    private let account = geteuid() == 0 ? Account(userID: 210_001) : nil

    init() throws {
        try Files.makeDirectory(root)
    }

    private func program(_ name: String, _ arguments: [String], _ sandbox: Sandbox = Sandbox()) -> Program {
        var program = Program(name, arguments, package: "coreutils")
        program.account = account
        program.sandbox = sandbox
        return program
    }

    @Test func `a program sees what it was given and nothing else of the host`() async throws {
        try Files.write("given", to: "\(root)/given")
        try Files.write("secret", to: "\(root)/secret")
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount("\(root)/given", at: "/a/b/given")]
        chmod("\(root)/given", 0o644)
        let read = try await ForegroundProcess.run(program("cat", ["/a/b/given"], sandbox))
        #expect(read.output == "given", "\(read.message)")
        for path in [
            "\(root)/secret", "/etc/shadow", "/etc/passwd", "/proc/self/status", "/root", "/home", "/tmp", "/run",
            "/var",
        ] {
            let result = try await ForegroundProcess.run(program("ls", ["-d", path], sandbox))
            #expect(!result.isSuccess && result.message.contains("No such file"), "\(path): \(result.message)")
        }
        let write = try await ForegroundProcess.run(program("touch", ["/usr/mark", "/a/b/given"], sandbox))
        #expect(!write.isSuccess)
        Files.remove(root)
    }

    @Test func `it has namespaces, a user and rights of its own`() async throws {
        var sandbox = Sandbox()
        sandbox.processes = .itselfInProc
        let status = try await ForegroundProcess.run(program("cat", ["/proc/thread-self/status"], sandbox)).output
        let fields = Dictionary(
            status.split(separator: "\n").map { line in
                let words = line.split(separator: ":", maxSplits: 1)
                return (String(words[0]), words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : "")
            }, uniquingKeysWith: { first, _ in first })
        #expect(fields["NoNewPrivs"] == "1")
        #expect(fields["CapEff"] == "0000000000000000" && fields["CapPrm"] == "0000000000000000")
        let listing = try await ForegroundProcess.run(program("ls", ["-l", "/proc/thread-self/ns"], sandbox)).output
        for kind in ["user", "mnt", "ipc", "net", "uts", "pid"] {
            let ours = try #require(Files.target(of: "/proc/self/ns/\(kind)"))
            #expect(listing.contains("\(kind):[") && !listing.contains(ours), "\(kind)")
        }
        Files.remove(root)
    }

    @Test(.enabled(if: geteuid() == 0, "only root may choose the user"))
    func `what it makes belongs to its user, who may nothing else`()
        async throws
    {
        let account = try #require(account)
        try Files.makeDirectory("\(root)/own")
        try account.own("\(root)/own", mode: 0o700)
        try Files.write("ours", to: "\(root)/ours")
        chmod("\(root)/ours", 0o600)
        var sandbox = Sandbox()
        sandbox.writable = [Sandbox.Mount("\(root)/own", at: "/own")]
        sandbox.readOnly = [Sandbox.Mount("\(root)/ours", at: "/ours")]
        let made = try await ForegroundProcess.run(program("touch", ["/own/file"], sandbox))
        #expect(made.isSuccess, "\(made.message)")
        var information = stat()
        #expect(stat("\(root)/own/file", &information) == 0 && information.st_uid == account.userID)
        let read = try await ForegroundProcess.run(program("cat", ["/ours"], sandbox))
        #expect(read.message.contains("Permission denied"))
        Files.remove(root)
    }

    @Test func `a descriptor opens what has no name there`() async throws {
        try Files.write("by descriptor", to: "\(root)/file")
        chmod("\(root)/file", 0o600)
        let log = "\(root)/log"
        let process = try await DetachedProcess.start(
            program("head", ["-c", "2", "/dev/stdin"]), standardInput: try Files.open("\(root)/file", writable: false),
            log: log)
        _ = await process.waitForEnd()
        // /dev/stdin is a link into /proc, which it does not see; descriptor 0 itself it has.
        let second = try await DetachedProcess.start(
            program("cat", []), standardInput: try Files.open("\(root)/file", writable: false), log: log)
        _ = await second.waitForEnd()
        #expect(Files.read(log)?.contains("by descriptor") == true)
        Files.remove(root)
    }

    @Test func `the handle is the program's and not its guard's`() async throws {
        let process = try await DetachedProcess.start(program("sleep", ["60"]))
        // The words before it have been replaced when it has its last name.
        while Files.read("/proc/\(process.pid)/cmdline")?.contains("sleep 60") == true,
            Files.read("/proc/\(process.pid)/cmdline")?.hasSuffix("sleep 60 ") == true,
            Files.read("/proc/\(process.pid)/cmdline")?.hasPrefix("/usr/bin/sleep") != true
        { await Task.yield() }
        let killed = await process.kill()
        #expect(killed)
        Files.remove(root)
    }

    @Test func `who takes too long is killed with its children`() async throws {
        let mark = "6\(UInt32.random(in: 1000...9999)).25"
        let clock = ContinuousClock()
        let start = clock.now
        let error = await #expect(throws: ProcessError.self) {
            try await ForegroundProcess.run(program("sleep", [mark]), limit: .milliseconds(300))
        }
        #expect(error?.code == .timedOut)
        #expect(clock.now - start < .seconds(20))
        for process in ProcessHandle.all(mark: mark) {
            let ended = await process.waitForEnd(limit: .seconds(5))
            #expect(ended)
        }
        Files.remove(root)
    }

    @Test func `a record names one process for good`() async throws {
        let process = try await DetachedProcess.start(Program("sleep", ["61"], package: "coreutils"))
        let file = "\(root)/pid"
        try process.record(in: file)
        #expect(ProcessHandle(pidFile: file, mark: "sleep 61")?.pid == process.pid)
        // The same number and command, but started at another time.
        try Files.write("\(process.pid) 1\n", to: file)
        #expect(ProcessHandle(pidFile: file, mark: "sleep 61") == nil)
        _ = await process.kill()
        Files.remove(root)
    }
}
