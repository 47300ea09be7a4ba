import Domain
import Foundation
import Glibc
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// A guest's agent is whatever answers there.
@Suite(.timeLimit(.minutes(1)))
final class GuestAgentTests {
    private let root = "/tmp/qwd-agent-\(UInt32.random(in: 0...UInt32.max))"
    private let paths: SessionPaths

    init() throws {
        paths = HostPaths(runtime: root, state: root).session(SessionID(milliseconds: 1))
        try Files.makeDirectory(paths.run)
    }

    deinit { Files.remove(root) }

    /// Listens where the agent would, and answers each line.
    private func serve(_ answer: @escaping @Sendable (String) -> String?) throws {
        let listener = try UnixSocket.listen(at: paths.agent)
        Thread.detachNewThread {
            let peer = Descriptor(accept(listener.number, nil, nil))
            var line: [UInt8] = []
            var byte: UInt8 = 0
            while recv(peer.number, &byte, 1, 0) == 1 {
                if byte != UInt8(ascii: "\n") {
                    line.append(byte)
                    continue
                }
                guard let text = answer(String(decoding: line, as: UTF8.self)) else { return }
                line = []
                _ = send(peer.number, text, text.utf8.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// What a guest would answer to `guest-sync`.
    private static func sync(_ line: String) -> String? {
        guard line.contains("guest-sync") else { return nil }
        return "{\"return\": \(line.filter(\.isNumber))}\n"
    }

    private func problem(limit: Duration = .seconds(20)) async -> String {
        defer { Files.remove(paths.run) }
        do {
            var agent = try await GuestAgent(paths, limit: limit)
            try await agent.write(String(repeating: "x", count: 30_000), to: "/run/x")
            return "process \(try await agent.start("/bin/sh", ["/run/x"]))"
        } catch {
            return error.detail
        }
    }

    @Test func `what was answered to somebody before is left out`() async throws {
        try serve { line in
            if let answer = Self.sync(line) {
                return "{\"return\": 1}\n{\"error\": {\"class\": \"x\", \"desc\": \"old\"}}\nno JSON\n\(answer)"
            }
            if line.contains("guest-file-write") {
                // As many bytes as the text stands for.
                let text = line.split(separator: "\"").map(String.init).max { $0.count < $1.count } ?? ""
                return "{\"return\": {\"count\": \(Data(base64Encoded: text)?.count ?? 0), \"eof\": false}}\n"
            }
            if line.contains("guest-exec") { return "{\"return\": {\"pid\": 7}}\n" }
            return line.contains("open") ? "{\"return\": 1000}\n" : "{\"return\": {}}\n"
        }
        #expect(await problem() == "process 7")
    }

    @Test func `one that forbids it says why`() async throws {
        try serve { line in
            Self.sync(line) ?? "{\"error\": {\"desc\": \"The command guest-file-open has been disabled\"}}\n"
        }
        #expect(await problem().contains("guest-file-open has been disabled"))
    }

    @Test(arguments: ["{}", "[]", "nothing", "{\"return\": \"text\"}", "{\"return\": null}", "\0", "{\"error\": 1}"])
    func `one that answers something else is not believed`(answer: String) async throws {
        try serve { line in Self.sync(line) ?? answer + "\n" }
        #expect(await problem().contains("does not do what it is asked for"))
    }

    @Test func `one that writes less than it was given, or without end, is left`() async throws {
        for count in ["0", "-1", "99999999"] {
            try serve { line in
                Self.sync(line)
                    ?? (line.contains("open") ? "{\"return\": 5}\n" : "{\"return\": {\"count\": \(count)}}\n")
            }
            #expect(await problem().contains("it writes \(count) bytes"))
            try Files.makeDirectory(paths.run)
        }
        try serve { _ in String(repeating: "x", count: 2 << 20) }
        #expect(await problem().contains("does not answer"))
    }

    @Test func `one that answers without end is left`() async throws {
        try serve { _ in String(repeating: "{}\n", count: 200) }
        #expect(await problem().contains("does not answer"))
    }

    @Test func `one that is silent or ends is not waited for`() async throws {
        try serve { _ in "" }
        #expect(await problem(limit: .milliseconds(300)).contains("does not answer"))
        try Files.makeDirectory(paths.run)
        try serve { _ in nil }
        #expect(await problem().contains("does not answer"))
    }
}
