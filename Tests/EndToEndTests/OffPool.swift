import Foundation

/// Runs something that blocks on a thread of its own: the pool has as many threads as cores, and two blocked ones stop
/// every test.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// What a program says that ends by itself, with nobody at its keyboard.
func answer(
    of program: String, to words: [String], environment: [String: String] = ProcessInfo.processInfo.environment
) async throws -> (code: Int32, output: String, errors: String) {
    try await offPool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = words
        process.environment = environment
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Both are short: neither pipe fills while the other is read.
        let texts = try [output, errors].map {
            String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[0], texts[1])
    }
}
