import Foundation
import Glibc
import TestSupport
@testable import Viewer

/// A real QEMU under TCG that boots the GRUB rescue CD, with its display on a Unix socket.
actor Display {
    static let program = "/usr/bin/qemu-system-x86_64"
    static let disc = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
    static var canRun: Bool { access(program, X_OK) == 0 && access(disc, R_OK) == 0 }

    nonisolated let directory: String
    nonisolated var socket: String { directory + "/vnc.sock" }
    private nonisolated let thread = BlockingThread(label: "qwd.test.qemu")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private var process: Child?
    /// The machine protocol.
    private var control: ByteStream

    /// What QEMU said, for a failed test's message.
    nonisolated var log: String { (try? String(contentsOfFile: directory + "/qemu.log", encoding: .utf8)) ?? "" }

    /// Starts QEMU and returns when its display can be reached.
    static func start() async throws -> Display {
        let display = try Display()
        try await display.command("qmp_capabilities")
        return display
    }

    private init() throws {
        directory = try SystemCall.temporaryDirectory()
        let (ours, its) = try SystemCall.socketPair()
        defer { close(its) }
        control = ByteStream(StreamSocket(ours))
        process = try Child(
            [
                Self.program, "-nodefaults", "-no-user-config", "-machine", "pc", "-accel", "tcg,thread=multi", "-m",
                "64M", "-device", "VGA", "-vnc", "unix:\(directory)/vnc.sock", "-drive",
                "file=\(Self.disc),format=raw,if=none,id=cd,media=cdrom,readonly=on", "-device", "ide-cd,drive=cd",
                "-chardev", "socket,id=qmp,fd=0", "-mon", "chardev=qmp,mode=control",
            ], input: its, log: directory + "/qemu.log")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Stands still, so that the picture does not change any more, and takes a picture of it.
    func freeze() throws -> Frame {
        try command("stop")
        let file = directory + "/screen.ppm"
        try command("screendump", #"{"filename":"\#(file)"}"#)
        return try Frame(ppm: Array(Data(contentsOf: URL(fileURLWithPath: file))))
    }

    /// Ends QEMU at once.
    func end() {
        process = nil
    }

    private func command(_ name: String, _ arguments: String = "{}") throws {
        let deadline = ContinuousClock.now + .seconds(20)
        try control.send(Array(#"{"execute":"\#(name)","arguments":\#(arguments)}"#.utf8), before: deadline)
        while true {
            let line = try control.takeText(through: "\n", before: deadline)
            if line.hasPrefix(#"{"return""#) { return }
            if line.hasPrefix(#"{"error""#) { throw SystemCall.Failure(description: "\(name): \(line)") }
        }
    }
}

/// A real display gateway that knows a display by its token.
final class Gateway: Sendable {
    static let token = String(repeating: "t", count: 43)

    let port: Int
    private let process: Child

    init(to display: Display) throws {
        let tokens = display.directory + "/tokens"
        try FileManager.default.createDirectory(atPath: tokens, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(tokens)/\(Self.token)", withDestinationPath: display.socket)
        // It listens before the gateway even runs, so a viewer's call waits for it in the backlog.
        let (listener, port) = try SystemCall.listenOnLoopback()
        defer { close(listener) }
        self.port = port
        process = try Child(
            [builtProgram, "display-gateway", "--tokens", tokens, "--own-addresses"], input: listener,
            log: display.directory + "/gateway.log")
    }

    func address(token: String = Gateway.token) -> DisplayAddress {
        DisplayAddress(host: "127.0.0.1", port: port, token: token)
    }
}
