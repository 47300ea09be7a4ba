import Dispatch
import Foundation

/// Another process with the same SQLite file: Python's own SQLite, which knows nothing of ours.
final class OtherProcess: Sendable {
    private let input: FileHandle
    private let output: FileHandle

    private static let script = """
        import sqlite3, sys
        database = sqlite3.connect(sys.argv[1], isolation_level=None)
        for line in sys.stdin:
            print(database.execute(line).fetchall(), flush=True)
        """

    init(_ path: String) throws {
        let (stdin, stdout) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.script, path]
        process.standardInput = stdin
        process.standardOutput = stdout
        input = stdin.fileHandleForWriting
        output = stdout.fileHandleForReading
        try process.run()
    }

    /// Runs a statement there and answers its rows as Python prints them.
    @discardableResult
    func run(_ statement: String) async throws -> String {
        try input.write(contentsOf: Data((statement + "\n").utf8))
        // A read blocks, so it must not be on the cooperative pool.
        let line = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [output] in continuation.resume(returning: Self.line(of: output)) }
        }
        guard let line else { throw Ended(statement: statement) }
        return line
    }

    /// The next line, nil at the end.
    private static func line(of output: FileHandle) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            switch read(output.fileDescriptor, &byte, 1) {
            case 1 where byte == UInt8(ascii: "\n"): return String(decoding: line, as: UTF8.self)
            case 1: line.append(byte)
            case -1 where errno == EINTR: continue
            default: return nil
            }
        }
    }

    /// The process ended instead of an answer; what it says stands in the output of the test.
    struct Ended: Error { var statement: String }

    deinit {
        // It ends with its input; one that was closed before is as good.
        try? input.close()
    }
}
