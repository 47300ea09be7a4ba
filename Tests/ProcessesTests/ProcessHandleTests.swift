import Foundation
import Glibc
import Processes
import Testing

struct ProcessHandleTests {
    @Test(.timeLimit(.minutes(1)), arguments: [0, 8000, 100_000])
    func `a process is known while the kernel loads its program`(padding: Int) throws {
        let script = FileManager.default.temporaryDirectory.appending(path: "qwd-again-\(UUID().uuidString).sh")
        try "exec /bin/sh \"$0\" \"$1\" some-mark\n".write(to: script, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: script) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [script.path, String(repeating: "p", count: padding), "some-mark"]
        try process.run()
        defer {
            // It inherits blocked signals.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let pid = process.processIdentifier
        // The child of Process may not have begun to load it.
        while ProcessHandle(pid: pid, mark: "some-mark") == nil {}
        let missed = (0..<5000).count { _ in ProcessHandle(pid: pid, mark: "some-mark") == nil }
        #expect(missed == 0)
        #expect(ProcessHandle(pid: pid, mark: "another-mark") == nil)
    }

    @Test func `threads of the kernel have no command line, and nobody waits for one`() {
        let start = ContinuousClock.now
        #expect(ProcessHandle(pid: 2, mark: " ") == nil)
        #expect(ContinuousClock.now - start < .milliseconds(20))
    }
}
