import Glibc
@testable import QMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConnectTests {
    /// Connects to the script and expects it to fail; the script must see the socket closed.
    private func failure(_ steps: [Step], deadline: Duration = .seconds(20)) async throws -> QMPError {
        let server = try ScriptedServer()
        async let script: Void = server.play(steps)
        let error = try await #require(throws: QMPError.self) {
            try await QMPClient.connect(to: server.path, deadline: deadline, logger: .silent)
        }
        try await script
        return error
    }

    @Test func `no greeting within the deadline times out and closes the socket`() async throws {
        let error = try await failure([.waitForEnd], deadline: .milliseconds(50))
        #expect(error.code == .timedOut)
        #expect(error.detail.contains("no greeting"))
    }

    @Test func `no answer to the negotiation times out and closes the socket`() async throws {
        let steps: [Step] = [.send(ScriptedServer.greetingLine), .expect("qmp_capabilities"), .waitForEnd]
        let error = try await failure(steps, deadline: .seconds(2))
        #expect(error.code == .timedOut)
        #expect(error.detail.contains("qmp_capabilities"))
    }

    @Test func `a refused negotiation is a greeting error`() async throws {
        let steps: [Step] = [
            .send(ScriptedServer.greetingLine), .expect("qmp_capabilities"),
            .refuse(0, class: "GenericError", description: "no"), .waitForEnd,
        ]
        #expect(try await failure(steps).code == .greeting)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "{\"return\": {}}\r\n", "{}\n"])
    func `another server than QEMU is a greeting error`(words: String) async throws {
        #expect(try await failure([.send(words), .waitForEnd]).code == .greeting)
    }

    @Test func `an end before the greeting is told as such`() async throws {
        let error = try await failure([.hangUp])
        #expect(error.code == .closed(quitRequested: false))
    }

    @Test func `a path without a listener cannot be connected`() async throws {
        let error = try await #require(throws: QMPError.self) {
            try await QMPClient.connect(to: "/nonexistent/qmp.sock", logger: .silent)
        }
        #expect(error.code == .connect)
        #expect(error.description.contains("/nonexistent/qmp.sock"))
    }

    @Test func `a path too long for a socket is refused`() async throws {
        let path = "/tmp/" + String(repeating: "a", count: 103)
        let error = try await #require(throws: QMPError.self) {
            try await QMPClient.connect(to: path, logger: .silent)
        }
        #expect(error.code == .connect)
        #expect(error.detail.contains("107"))
    }

    @Test func `a descriptor that is no socket is refused and closed`() async throws {
        let file = open("/dev/null", O_RDWR)
        let error = try await #require(throws: QMPError.self) {
            try await QMPClient.connect(descriptor: file, deadline: .seconds(1), logger: .silent)
        }
        #expect(error.code == .connect)
    }

    @Test func `a cancelled connect returns at once and closes the socket`() async throws {
        let server = try ScriptedServer()
        async let script: Void = server.play([
            .send(ScriptedServer.greetingLine), .expect("qmp_capabilities"), .waitForEnd,
        ])
        let connecting = Task {
            try await QMPClient.connect(to: server.path, deadline: .seconds(3600), logger: .silent)
        }
        var commands = server.commands.makeAsyncIterator()
        #expect(await commands.next() == "qmp_capabilities")
        connecting.cancel()
        let error = try await #require(throws: QMPError.self) { try await connecting.value }
        #expect(error.code == .cancelled)
        try await script
    }
}
