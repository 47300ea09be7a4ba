internal import Foundation
internal import Glibc
package import Redis
internal import Synchronization

/// A real `redis-server` on a Unix socket in a directory of its own, for one test or suite.
///
/// It ends with ``stop()``, when the last reference goes away, or when the test process dies in whatever way. So keep a
/// reference as long as the server is needed (`withExtendedLifetime` where the optimizer might think otherwise).
package final class RedisServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Holds the socket, the log and the append-only file. Removed with the server.
    package let directory: String
    package let address: RedisAddress
    private let arguments: [String]
    /// Its clock, where a test sets it.
    package let clock: FakeClock?
    private let process: Mutex<ServerProcess?>

    package var socket: String { directory + "/redis.sock" }

    /// The running server, or 0 after ``kill()``.
    package var pid: Int32 { process.withLock { $0?.pid ?? 0 } }

    /// What the server has written to its log, for a test's failure message.
    package var log: String { (try? String(contentsOfFile: directory + "/redis.log", encoding: .utf8)) ?? "" }

    /// Starts a server and returns when it answers.
    ///
    /// - Parameters:
    ///   - appendOnly: Keep the data over ``kill()`` and ``restart()`` as qwd's own server does (`appendfsync always`).
    ///   - arguments: More options, e.g. `["--port", "7001"]`. `DIR` in them stands for the server's directory.
    ///   - fakesClock: Whether the test sets its clock.
    ///   - prepare: Runs with the directory before the start, to put files there.
    package static func start(
        appendOnly: Bool = false, arguments: [String] = [], fakesClock: Bool = false,
        prepare: (_ directory: String) throws -> Void = { _ in }
    ) async throws -> RedisServer {
        let server = try RedisServer(appendOnly: appendOnly, arguments: arguments, fakesClock: fakesClock)
        try prepare(server.directory)
        try await server.restart()
        return server
    }

    private init(appendOnly: Bool, arguments: [String], fakesClock: Bool) throws {
        // Short, because the path of a Unix socket has less than 108 bytes (unix(7)).
        var template = Array("/tmp/qwd-redis-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Failure(description: "mkdtemp: errno \(errno)")
        }
        let directory = String(cString: made)
        self.directory = directory
        address = RedisAddress(unixSocket: directory + "/redis.sock")
        clock = fakesClock ? try FakeClock(in: directory) : nil
        self.arguments =
            [
                "--port", "0", "--unixsocket", directory + "/redis.sock", "--dir", directory, "--save", "",
                "--logfile", directory + "/redis.log", "--appendonly", appendOnly ? "yes" : "no",
                "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--stream-node-max-bytes", "1024",
            ] + arguments.map { $0.replacingOccurrences(of: "DIR", with: directory) }
        process = Mutex(nil)
    }

    deinit {
        kill()
        removeDirectory()
    }

    /// Ends the server as a power failure would (SIGKILL) and returns when it is gone. Does nothing if it is not running.
    package func kill() {
        process.withLock { process in
            process?.kill()
            process = nil
        }
    }

    /// Starts the server again on the same socket, after ``kill()`` or in place of the running one.
    ///
    /// Returns when it answers. With `appendOnly` it has its data again, else it is empty.
    package func restart() async throws {
        kill()
        try process.withLock { process in
            process = try ServerProcess(
                directory: directory, arguments: arguments, environment: clock?.environment ?? [])
        }
        let deadline = ContinuousClock.now + .seconds(10)
        while !answersPing() {
            guard ContinuousClock.now < deadline, process.withLock({ $0?.isRunning ?? false }) else {
                throw Failure(description: "redis-server does not answer on \(socket)\n\(log)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Freezes the server (SIGSTOP): it keeps its connections and answers nothing.
    package func freeze() { process.withLock { $0?.send(SIGSTOP) } }

    package func thaw() { process.withLock { $0?.send(SIGCONT) } }

    /// Ends the server and removes its directory. A stopped server is not started again.
    package func stop() async {
        kill()
        removeDirectory()
    }

    private func removeDirectory() {
        // Absent is what was wanted, and a leftover in /tmp harms no later test.
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Whether the server accepts commands: it listens, and does not read its append-only file any more.
    private func answersPing() -> Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) {
            $0.copyBytes(from: socket.utf8CString.map(UInt8.init(bitPattern:)))
        }
        let connected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0, Glibc.send(descriptor, "PING\r\n", 6, Int32(MSG_NOSIGNAL)) == 6 else {
            return false
        }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var answer = [UInt8](repeating: 0, count: 128)
        let count = recv(descriptor, &answer, answer.count, 0)
        // A server that wants a password is ready too.
        return ["+PONG", "-NOAUTH"].contains {
            String(decoding: answer.prefix(max(count, 0)), as: UTF8.self).hasPrefix($0)
        }
    }
}
