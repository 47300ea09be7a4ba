import Dispatch
import Foundation
import Glibc
@testable import QMP
import Testing

/// A real QEMU, paused and empty, under TCG: needs no KVM and no image.
private struct RunningQEMU {
    static let program = "/usr/bin/qemu-system-x86_64"
    static var isInstalled: Bool { access(program, X_OK) == 0 }

    let directory: String
    var socket: String { directory + "/qmp.sock" }

    /// Returns when the socket is there: with `-daemonize` the first process ends once QEMU is set up.
    init() async throws {
        let directory = "/tmp/qmp-qemu-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let arguments = [
            Self.program, "-accel", "tcg", "-machine", "pc", "-m", "32", "-nodefaults", "-no-user-config",
            "-display", "none", "-S", "-name", "s-1", "-qmp", "unix:\(directory)/qmp.sock,server=on,wait=off",
            "-daemonize", "-pidfile", "\(directory)/pid",
        ]
        let status = await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: Self.run(arguments)) }
        }
        try #require(status == 0)
    }

    /// Runs a program to its end, blocking. (Foundation's `Process` waits for its daemon too.)
    private static func run(_ arguments: [String]) -> CInt {
        var argv = arguments.map { strdup($0) }
        argv.append(nil)
        defer { argv.forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, arguments[0], nil, nil, argv, environ) == 0 else { return -1 }
        var status: CInt = 0
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        return status
    }

    /// Ends QEMU if a failed test left it running.
    func remove() {
        if let text = try? String(contentsOfFile: directory + "/pid", encoding: .utf8),
            let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
        {
            kill(pid, SIGKILL)
        }
        try? FileManager.default.removeItem(atPath: directory)
    }
}

@Suite(.enabled(if: RunningQEMU.isInstalled, "qemu-system-x86_64 isn't installed"), .timeLimit(.minutes(1)))
struct QEMUTests {
    @Test func `a paused machine is continued, stopped and ended`() async throws {
        let qemu = try await RunningQEMU()
        defer { qemu.remove() }
        let client = try await QMPClient.connect(to: qemu.socket, logger: .silent)
        #expect(client.greeting.major >= 5)
        #expect(try await client.execute(QueryStatus()).state == .prelaunch)
        #expect(try await client.execute(QueryName()).name == "s-1")

        try await client.execute(Continue())
        let running = try await client.execute(QueryStatus())
        #expect(running.state == .running)
        #expect(running.running)

        try await client.execute(Stop())
        #expect(try await client.execute(QueryStatus()).state == .paused)

        try await client.execute(Quit())
        var events: [QMPEvent] = []
        for await event in client.events { events.append(event) }
        #expect(events.contains(.resume))
        #expect(events.contains(.stop))
        #expect(events.last == .shutdown(guest: false, reason: "host-qmp-quit"))
        guard case .quit = client.ending else {
            throw QMPError(.malformed, "\(String(describing: client.ending))")
        }
        await client.close()
    }

    @Test func `QEMU's refusals come with their class`() async throws {
        struct NoSuchCommand: QMPCommand {
            typealias Reply = QMPEmpty
            static let name = "no-such-command"
        }
        let qemu = try await RunningQEMU()
        defer { qemu.remove() }
        let client = try await QMPClient.connect(to: qemu.socket, logger: .silent)
        let error = try await #require(throws: QMPError.self) { try await client.execute(NoSuchCommand()) }
        #expect(error.code == .refused(class: "CommandNotFound"))
        try await client.execute(SendKey(keys: ["ctrl", "alt", "delete"]))
        try await client.execute(Quit())
        await client.close()
    }

    @Test func `a second client connects once the first is closed`() async throws {
        let qemu = try await RunningQEMU()
        defer { qemu.remove() }
        let first = try await QMPClient.connect(to: qemu.socket, logger: .silent)
        let early = try await #require(throws: QMPError.self) {
            try await QMPClient.connect(to: qemu.socket, deadline: .milliseconds(100), logger: .silent)
        }
        #expect(early.code == .timedOut)
        await first.close()
        let second = try await QMPClient.connect(to: qemu.socket, logger: .silent)
        #expect(try await second.execute(QueryStatus()).state == .prelaunch)
        try await second.execute(Quit())
        await second.close()
    }

    @Test func `a killed QEMU is a lost connection`() async throws {
        let qemu = try await RunningQEMU()
        defer { qemu.remove() }
        let client = try await QMPClient.connect(to: qemu.socket, logger: .silent)
        qemu.remove()
        for await _ in client.events {}
        guard case .lost(let error) = client.ending else {
            throw QMPError(.malformed, "\(String(describing: client.ending))")
        }
        #expect(error.code == .closed(quitRequested: false))
        await client.close()
    }
}
