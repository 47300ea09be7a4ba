import Foundation
import Glibc

/// A directory of a test's own, removed with the last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        // Short, because the path of a Unix socket has less than 108 bytes (unix(7)).
        var template = Array("/tmp/qwd-acc-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ServerFailure("mkdtemp: errno \(errno)") }
        path = String(cString: made)
        // Servers that leave root must get in.
        chmod(path, 0o755)
    }

    deinit {
        // A leftover in /tmp harms no later test.
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    func read(_ name: String) -> String {
        // What is not there yet says nothing.
        (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
    }
}

/// What the tests need from this machine.
enum Tools {
    private static let servers = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Servers").path

    /// A file that stands beside the tests.
    static func script(_ name: String) -> String { "\(servers)/\(name)" }

    /// A Python that has aiosmtpd.
    static let python =
        ProcessInfo.processInfo.environment["QWDTEST_PYTHON"]
        ?? servers.replacingOccurrences(of: "/Tests/AccountsTests/Servers", with: "/.build/browser-venv/bin/python")

    static func exists(_ program: String) -> Bool { access(program, X_OK) == 0 }

    /// Whether dovecot can run: it gives its parts to users of their own.
    static let canRunDovecot = exists("/usr/sbin/dovecot") && getuid() == 0
}

/// Runs what blocks on a thread of its own, away from Swift's pool.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// Runs a program to its end.
/// - Returns: What it printed.
@discardableResult
func run(_ program: String, _ arguments: [String], in directory: String = "/") async throws -> String {
    try await offPool {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ServerFailure("\(program): \(text)") }
        return text
    }
}
