import Domain
import Foundation
import Logging
import Processes
import Queue
import Redis
import TestSupport

/// A real `qwd up` with directories, ports and a private Redis of its own, as a child of the test.
final class RunningService: @unchecked Sendable {
    // Proof: `process` changes only in `start` and `kill`, which one test calls one after the other.
    private var process: Process?
    let root: String
    let httpPort: Int
    let displayPort: Int
    let queue: JobQueue
    var overrides: [String]
    /// A file of its configuration, below what is given as overrides.
    var config: String?

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    var runtime: String { "\(root)/r" }
    var state: String { "\(root)/s" }
    var machines: String { "\(root)/m" }
    var secureURL: String { "https://127.0.0.1:\(httpPort)" }
    var url: String { "http://127.0.0.1:\(httpPort)" }
    var log: String { (try? String(contentsOfFile: "\(root)/log", encoding: .utf8)) ?? "" }
    var pid: Int32 { process?.processIdentifier ?? 0 }

    /// - Parameter overrides: More of the configuration, as `--set` takes it.
    init(_ overrides: [String] = []) throws {
        // Short, because a session's sockets live below it and a socket's path has at most 107 bytes.
        var template = Array("/tmp/qwd-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp: errno \(errno)") }
        root = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        httpPort = try TCPListener(host: "127.0.0.1", port: 0).port
        displayPort = try TCPListener(host: "127.0.0.1", port: 0).port
        self.overrides = overrides
        let client = RedisClient(
            address: RedisAddress(unixSocket: "\(root)/r/redis.sock"), logger: Logger(label: "test"))
        queue = JobQueue(redis: client)
        try FileManager.default.createDirectory(atPath: "\(root)/m", withIntermediateDirectories: true)
        try add(
            machine: "grub.iso", file: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso", description: "GRUB rescue shell")
    }

    /// A test that fails on its way leaves no machine behind that would keep a processor busy for ever.
    deinit {
        for process in ownProcesses { Glibc.kill(process, SIGKILL) }
        // It writes its title over its environment, by which the others are found.
        ProcessHandle(pidFile: "\(runtime)/redis.pid", mark: "\(runtime)/redis.sock")?.signal(SIGKILL)
        // Absent after an orderly end.
        try? FileManager.default.removeItem(atPath: root)
    }

    /// All processes that the service has started, whatever they are. Of programs that gave up their rights, as passt does,
    /// only root can tell.
    var ownProcesses: [Int32] {
        Files.names(in: "/proc").compactMap { Int32($0) }.filter {
            Files.read("/proc/\($0)/environ")?.contains("QWDTEST_ROOT=\(root) ") == true
        }
    }

    /// Offers one more machine.
    func add(machine: String, file: String, description: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(machines)/\(machine)", withDestinationPath: file)
        let catalogue = "\(machines)/machines.conf"
        let known = (try? String(contentsOfFile: catalogue, encoding: .utf8)) ?? ""
        try Data("\(known)[\(machine)]\ndescription=\(description)\n\n".utf8).write(to: URL(filePath: catalogue))
    }

    /// Lets people sign in: alice and bob with the password "sesame", and then the code of an app.
    func askProgram() throws {
        let program = "\(root)/check"
        try Data(
            """
            #!/bin/sh
            read -r user; read -r password
            case "$user" in alice | bob) [ "$password" = sesame ] && exit 0 ;; esac
            exit 1

            """.utf8
        ).write(to: URL(filePath: program))
        chmod(program, 0o700)
        overrides += [
            "auth.methods=command", "auth.command.path=\(program)", "auth.second_factor=totp", "auth.admins=root",
        ]
    }

    /// Starts the service and returns when its pages can be opened.
    /// - Parameters:
    ///   - crashAt: Where the worker shall kill itself.
    ///   - path: Search path of programs, to hide some.
    ///   - variables: More of its environment.
    ///   - descriptors: How many it may have, at most; nil for as many as we.
    func start(
        crashAt: String? = nil, path: String? = nil, variables: [String: String] = [:], descriptors: Int? = nil
    ) async throws {
        try await offPool {
            try self.launch(crashAt: crashAt, path: path, variables: variables, descriptors: descriptors)
        }
    }

    /// Runs a command that ends by itself, such as a service that can't start.
    /// - Parameter others: More of the configuration, in place of what this service has.
    /// - Returns: Its exit code, and what it says.
    func end(
        of command: [String] = ["up"], _ others: [String] = []
    ) async throws -> (code: Int32, says: String) {
        try await offPool {
            let process = self.prepare(command, others)
            let lines = Pipe()
            process.standardError = lines
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let says = String(decoding: try lines.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, says)
        }
    }

    /// Runs a command beside the service, with nobody at its keyboard.
    func answer(to command: [String]) async throws -> (code: Int32, output: String, errors: String) {
        let process = prepare(command)
        return try await EndToEndTests.answer(
            of: builtProgram, to: process.arguments ?? [], environment: process.environment ?? [:])
    }

    private func prepare(_ command: [String] = ["up"], _ others: [String] = []) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: builtProgram)
        process.environment = programEnvironment(runtime: runtime)
        process.arguments =
            command + (config.map { ["--config", $0] } ?? [])
            + ([
                "state_dir=\(state)", "runtime_dir=\(runtime)", "machines.directory=\(machines)",
                "machines.catalogue=\(machines)/machines.conf", "frontend.listen=127.0.0.1:\(httpPort)",
                "display.listen=127.0.0.1:\(displayPort)", "auth.methods=none", "worker.accelerator=tcg",
                "worker.name=here", "limits.load=0", "limits.sessions=0", "limits.sessions_per_user=0",
                "limits.waiting_per_user=0",
                "limits.creations_per_minute=0",
                "limits.cpu_fraction_per_user=0", "limits.memory_fraction_per_user=0", "worker.cpu_overcommit=64",
                "worker.stop_grace=500ms", "scheduler.lease=3s",
            ] + overrides + others).flatMap { ["--set", $0] }
        return process
    }

    private func launch(crashAt: String?, path: String?, variables: [String: String], descriptors: Int?) throws {
        let process = prepare()
        if let descriptors, let prlimit = Programs.find("prlimit") {
            // It becomes the service (util-linux).
            process.arguments = ["--nofile=\(descriptors):\(descriptors)", builtProgram] + (process.arguments ?? [])
            process.executableURL = URL(filePath: prlimit)
        }
        var environment = programEnvironment(runtime: runtime).merging(variables) { $1 }
        environment["QWDTEST_CRASH_AT"] = crashAt
        // What the service starts has this too, so that a test finds it again.
        environment["QWDTEST_ROOT"] = root
        if let path { environment["PATH"] = path }
        process.environment = environment
        let lines = Pipe()
        process.standardError = lines
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        try waitForPages(lines.fileHandleForReading)
    }

    /// Reads the log until it says that the pages and the worker are there, then lets a thread write the rest to a file.
    private func waitForPages(_ lines: FileHandle) throws {
        let file = "\(root)/log"
        if !FileManager.default.fileExists(atPath: file) { try Data().write(to: URL(filePath: file)) }
        let log = try FileHandle(forWritingTo: URL(filePath: file))
        try log.seekToEnd()
        var text = ""
        while !(text.contains("Frontend listens") && text.contains("worker takes jobs")) {
            let chunk = lines.availableData
            guard !chunk.isEmpty else { throw Failure(description: "qwd ended at its start:\n\(text)") }
            text += String(decoding: chunk, as: UTF8.self)
            try log.write(contentsOf: chunk)
        }
        Thread.detachNewThread {
            while case let chunk = lines.availableData, !chunk.isEmpty { try? log.write(contentsOf: chunk) }
        }
    }

    /// Ends the service as a power failure would, without any clean-up.
    func kill() async {
        guard let process else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        await waitForEnd()
    }

    /// Waits until the service has ended by itself.
    func waitForEnd() async {
        // Waiting throws nothing.
        try? await offPool { self.process?.waitUntilExit() }
        process = nil
    }

    /// Asks the service to end, and waits for it.
    func terminate() async {
        process?.terminate()
        await waitForEnd()
    }

    /// Ends every session, the service and what it leaves running on purpose, and removes its directories.
    /// - Parameter disk: A file system below the service's directories that is given back between.
    func shutDown(keeping disk: SmallDisk? = nil) async {
        if process == nil { try? await start() }
        for session in (try? await queue.sessions()) ?? [] { _ = try? await stopped(session.id) }
        await queue.redis.close()
        await terminate()
        if let gateway = ProcessHandle(pidFile: "\(runtime)/gateway.pid", mark: "\(runtime)/tokens") {
            _ = await gateway.kill()
        }
        disk?.unmount()
        try? FileManager.default.removeItem(atPath: root)
    }
}
