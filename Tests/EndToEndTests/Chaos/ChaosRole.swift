import Foundation
import Processes
import TestSupport

/// One role of a farm as a process, which is killed and started again.
final class ChaosRole: @unchecked Sendable {
    // Proof: one test changes it, one step after the other.
    private var process: Process?
    let role: String
    /// Its directories are below it.
    let root: String
    private let log: FileHandle
    var settings: [String: String]
    private(set) var kills = 0

    init(_ role: String, root: String, settings: [String: String]) throws {
        self.role = role
        self.root = root
        self.settings = settings
        try FileManager.default.createDirectory(atPath: "\(root)/s", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(root)/log"))
        log = try FileHandle(forWritingTo: URL(filePath: "\(root)/log"))
    }

    /// A test that fails on its way leaves nothing running.
    deinit { if let process { Glibc.kill(process.processIdentifier, SIGKILL) } }

    var said: String { (try? String(contentsOfFile: "\(root)/log", encoding: .utf8)) ?? "" }
    var runs: Bool { process?.isRunning == true }

    /// The same program with some of the settings changed.
    func prepare(_ others: [String: String] = [:]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: builtProgram)
        process.environment = programEnvironment(runtime: "\(root)/r")
        let all = settings.merging(others) { $1 }.sorted { $0.key < $1.key }
        process.arguments = [role] + all.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        process.standardOutput = FileHandle.nullDevice
        return process
    }

    func start() async throws {
        let process = prepare()
        process.standardError = log
        try await offPool { try process.run() }
        self.process = process
    }

    /// Ends it as the kernel would for want of memory.
    func kill() async throws {
        guard let process else { return }
        kills += 1
        Glibc.kill(process.processIdentifier, SIGKILL)
        try await offPool { process.waitUntilExit() }
        self.process = nil
    }

    /// Asks it to end.
    func terminate() async throws {
        process?.terminate()
        try await offPool { self.process?.waitUntilExit() }
        process = nil
    }

    /// Starts one more with other settings, and waits for its end.
    func end(of others: [String: String]) async throws -> (code: Int32, says: String) {
        let process = prepare(others)
        let lines = Pipe()
        process.standardError = lines
        return try await offPool {
            try process.run()
            let says = String(decoding: try lines.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, says)
        }
    }
}
