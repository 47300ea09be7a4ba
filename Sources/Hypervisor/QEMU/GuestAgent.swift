import Domain
import FoundationEssentials
import Glibc
import Machines
import Processes

/// Speaks with the agent in a guest (qemu-ga; its commands are in QEMU's qga/qapi-schema.json), one command after the other.
///
/// Whatever it answers is the guest's word, and it may not answer at all, so each command has a time limit. One that was exceeded
/// ends the connection.
struct GuestAgent {
    private let socket: Descriptor
    private var rest: [UInt8] = []
    private let limit: Duration
    /// Bytes of an answer. The longest that we ask for is what a program wrote.
    private static let longest = 1 << 20
    /// Answers to somebody before us, at most.
    private static let mostOfOthers = 64
    /// After each piece that was read: a guest that writes without end must not keep us busy.
    private static let breath = Duration.milliseconds(5)
    /// Bytes of a file that go in one command.
    private static let piece = 12_288

    /// How a program in the guest does.
    struct Status: Decodable {
        var exited: Bool
        /// What it wrote, in base64.
        var output: String?

        private enum CodingKeys: String, CodingKey {
            case exited
            case output = "out-data"
        }

        var text: [UInt8] { output.flatMap { Data(base64Encoded: $0) }.map { Array($0) } ?? [] }
    }

    private struct Reply<Value: Decodable>: Decodable {
        struct Problem: Decodable { var desc: String }
        var `return`: Value?
        var error: Problem?
    }

    private struct Command<Arguments: Encodable>: Encodable {
        var execute: String
        var arguments: Arguments
    }

    private struct Nothing: Decodable {}
    private struct Token: Encodable { var id: Int }
    private struct Opening: Encodable { var (path, mode): (String, String) }
    private struct Writing: Encodable {
        var handle: Int
        var content: String
        private enum CodingKeys: String, CodingKey {
            case handle
            case content = "buf-b64"
        }
    }
    private struct Written: Decodable { var count: Int }
    private struct Handle: Encodable { var handle: Int }
    private struct Running: Encodable {
        var path: String
        var arguments: [String]
        var capturesOutput = true
        private enum CodingKeys: String, CodingKey {
            case path
            case arguments = "arg"
            case capturesOutput = "capture-output"
        }
    }
    private struct Process: Codable { var pid: Int }

    /// Connects to a machine's agent. QEMU lets one in at a time.
    /// - Parameter limit: Of each answer.
    init(_ paths: SessionPaths, limit: Duration = .seconds(20)) async throws(MachineError) {
        self.limit = limit
        socket = try MachineError.translating { () throws(ProcessError) in try UnixSocket.connect(to: paths.agent) }
        // What is answered to somebody before us is none of ours.
        let token = Int.random(in: 1...1 << 30)
        try send(Command(execute: "guest-sync", arguments: Token(id: token)))
        for _ in 0..<Self.mostOfOthers {
            if try await answer(Int.self, ignoringErrors: true) == token { return }
        }
        throw Self.problem("it does not answer")
    }

    /// Writes a file of the guest. One that is new may be written to by everybody there (qemu-ga gives it mode 0666).
    mutating func write(_ text: String, to path: String) async throws(MachineError) {
        let handle = try await ask("guest-file-open", Opening(path: path, mode: "w"), Int.self)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = Data(rest.prefix(Self.piece))
            let writing = Writing(handle: handle, content: piece.base64EncodedString())
            let count = try await ask("guest-file-write", writing, Written.self).count
            guard (1...piece.count).contains(count) else {
                throw Self.problem("it writes \(count) bytes of \(piece.count)")
            }
            rest = rest.dropFirst(count)
        }
        _ = try await ask("guest-file-close", Handle(handle: handle), Nothing.self)
    }

    /// Starts a program in the guest, and keeps what it writes.
    /// - Returns: Its number there.
    mutating func start(_ path: String, _ arguments: [String]) async throws(MachineError) -> Int {
        try await ask("guest-exec", Running(path: path, arguments: arguments), Process.self).pid
    }

    mutating func status(of process: Int) async throws(MachineError) -> Status {
        try await ask("guest-exec-status", Process(pid: process), Status.self)
    }

    private mutating func ask<Arguments: Encodable, Value: Decodable>(
        _ name: String, _ arguments: Arguments, _ type: Value.Type
    ) async throws(MachineError) -> Value {
        try send(Command(execute: name, arguments: arguments))
        guard let value = try await answer(type, ignoringErrors: false) else {
            throw Self.problem("\(name) says nothing")
        }
        return value
    }

    private func send(_ command: some Encodable) throws(MachineError) {
        guard var line = try? JSONEncoder().encode(command) else {
            preconditionFailure("texts and numbers are encodable")
        }
        line.append(UInt8(ascii: "\n"))
        // A guest that reads nothing must not stop us: there is room for a whole command, since each is answered before the next one.
        let sent = line.withUnsafeBytes {
            Glibc.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        }
        guard sent == line.count else { throw Self.problem("it takes nothing") }
    }

    /// - Returns: Nil for an answer to something else, where errors are ignored.
    private mutating func answer<Value: Decodable>(
        _ type: Value.Type, ignoringErrors: Bool
    ) async throws(MachineError) -> Value? {
        let (socket, limit) = (socket, limit)
        // The wait ends with the socket's end.
        let watchdog = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            shutdown(socket.number, CInt(SHUT_RDWR))
        }
        defer { watchdog.cancel() }
        var searched = 0
        while true {
            if let end = rest[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(rest[..<end])
                rest.removeFirst(end + 1)
                let reply = try? JSONDecoder().decode(Reply<Value>.self, from: line)
                if let value = reply?.return { return value }
                if ignoringErrors { return nil }
                throw Self.problem(
                    reply?.error.map { "it says: \($0.desc.prefix(200))" } ?? "it answers something else", .unsupported)
            }
            searched = rest.count
            let piece = await socket.nextBytes()
            guard !piece.isEmpty, rest.count + piece.count <= Self.longest else {
                throw Self.problem("it does not answer")
            }
            rest += piece
            guard (try? await Task.sleep(for: Self.breath)) != nil else { throw Self.problem("it was not waited for") }
        }
    }

    private static func problem(_ why: String, _ code: MachineError.Code = .notAnswering) -> MachineError {
        MachineError(code, "The guest's agent does not do what it is asked for: \(why).")
    }
}
