import Dispatch
import Foundation
import Glibc
import Logging
@testable import QMP

/// What a pretended QEMU does, one step after another.
enum Step: Sendable {
    /// Greeting and the end of the negotiation.
    case greet
    /// These bytes, as they are.
    case send(String)
    /// This line so many times over.
    case flood(String, Int)
    /// Waits for a command of this name.
    case expect(String)
    /// Answers the command that came as this one, counted from 0 without `qmp_capabilities`.
    case answer(Int, String = "{}")
    case refuse(Int, class: String, description: String)
    /// Lets the client close the connection.
    case waitForEnd
    case hangUp
}

/// A Unix socket with a script behind it, on a thread of its own: its calls block.
final class ScriptedServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static let greetingLine =
        #"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "#
        + #""capabilities": ["oob"]}}"# + "\r\n"

    /// No script waits longer for a client, so that a broken test ends.
    private static let patience = timeval(tv_sec: 20, tv_usec: 0)

    let path: String
    /// The names of the commands as they come in, `qmp_capabilities` too.
    let commands: AsyncStream<String>
    private let arrived: AsyncStream<String>.Continuation
    private let listener: CInt
    private let queue = DispatchQueue(label: "scripted-server")

    init() throws {
        path = "/tmp/qmp-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        (commands, arrived) = AsyncStream.makeStream()
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(listener, 1) == 0 else { throw Failure(description: "no socket at \(path)") }
        Self.limitWaits(on: listener)
    }

    deinit {
        close(listener)
        unlink(path)
    }

    /// Plays the script to the first client.
    func play(_ steps: [Step]) async throws {
        try await onOwnThread {
            let connection = accept(self.listener, nil, nil)
            guard connection >= 0 else { throw Failure(description: "no client came") }
            // A program that another test starts would keep it open.
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            try self.play(steps, on: connection)
        }
    }

    /// Plays the script on a connected socket and closes it.
    func play(_ steps: [Step], descriptor: CInt) async throws {
        try await onOwnThread { try self.play(steps, on: descriptor) }
    }

    private func onOwnThread(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            queue.async { done.resume(with: Result { try work() }) }
        }
    }

    private func play(_ steps: [Step], on descriptor: CInt) throws {
        defer {
            close(descriptor)
            arrived.finish()
        }
        Self.limitWaits(on: descriptor)
        var wire = Wire(descriptor: descriptor)
        var ids: [UInt64] = []
        for step in steps {
            switch step {
            case .greet:
                try wire.write(Self.greetingLine)
                try wire.write("{\"return\": {}, \"id\": \(try expect("qmp_capabilities", on: &wire))}\r\n")
            case .send(let text):
                try wire.write(text)
            case .flood(let line, let count):
                let piece = String(repeating: line, count: 1000)
                for _ in 0..<(count / 1000) { try wire.write(piece) }
            case .expect(let name):
                ids.append(try expect(name, on: &wire))
            case .answer(let index, let reply):
                try wire.write("{\"return\": \(reply), \"id\": \(ids[index])}\r\n")
            case .refuse(let index, let `class`, let description):
                let error = #"{"class": "\#(`class`)", "desc": "\#(description)"}"#
                try wire.write("{\"id\": \(ids[index]), \"error\": \(error)}\r\n")
            case .waitForEnd:
                while try wire.readLine() != nil {}
            case .hangUp:
                return
            }
        }
    }

    private func expect(_ name: String, on wire: inout Wire) throws -> UInt64 {
        struct Command: Decodable {
            var execute: String
            var id: UInt64
        }
        guard let line = try wire.readLine() else { throw Failure(description: "the end instead of \(name)") }
        let command = try JSONDecoder().decode(Command.self, from: line)
        arrived.yield(command.execute)
        guard command.execute == name else { throw Failure(description: "\(command.execute) instead of \(name)") }
        return command.id
    }

    private static func limitWaits(on descriptor: CInt) {
        var patience = patience
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }
}

/// Blocking reads and writes of whole lines.
private struct Wire {
    let descriptor: CInt
    private var unread = Data()

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw ScriptedServer.Failure(description: "the client does not read") }
            rest = rest.dropFirst(sent)
        }
    }

    /// Nil at the end of the connection.
    mutating func readLine() throws -> Data? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end]
                unread = Data(unread[(end + 1)...])
                return line
            }
            var piece = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &piece, piece.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
            guard count > 0 else { throw ScriptedServer.Failure(description: "the client says nothing") }
            unread.append(contentsOf: piece[..<count])
        }
    }
}

/// Runs `body` with a client on the script; both must come to their end.
func withClient(
    _ steps: [Step], logger: Logger = .silent,
    _ body: (QMPClient, ScriptedServer) async throws -> Void
) async throws {
    let server = try ScriptedServer()
    async let script: Void = server.play(steps)
    let client = try await QMPClient.connect(to: server.path, logger: logger)
    do {
        try await body(client, server)
    } catch {
        await client.close()
        throw error
    }
    await client.close()
    try await script
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
