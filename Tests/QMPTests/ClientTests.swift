import Glibc
import Logging
@testable import QMP
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    private static let status = #"{"status": "running", "running": true, "singlestep": false}"#

    /// The code of the error that `work` must throw, nil if it throws none.
    private func code(_ work: () async throws -> Void) async -> QMPError.Code? {
        do {
            try await work()
            return nil
        } catch let error as QMPError {
            return error.code
        } catch {
            Issue.record(error)
            return nil
        }
    }

    // MARK: Commands

    @Test func `a command gets its reply`() async throws {
        let steps: [Step] = [.greet, .expect("query-status"), .answer(0, Self.status), .waitForEnd]
        try await withClient(steps) { client, _ in
            #expect(client.greeting.version == "7.2.22")
            let status = try await client.execute(QueryStatus())
            #expect(status.state == .running)
            #expect(status.running)
            #expect(client.ending == nil)
        }
    }

    @Test func `replies in another order find their commands`() async throws {
        let steps: [Step] = [
            .greet, .expect("query-status"), .expect("query-name"),
            .answer(1, #"{"name": "s-1"}"#), .answer(0, Self.status), .waitForEnd,
        ]
        try await withClient(steps) { client, server in
            var commands = server.commands.makeAsyncIterator()
            async let status = client.execute(QueryStatus())
            while let command = await commands.next(), command != "query-status" {}
            let name = try await client.execute(QueryName())
            #expect(name.name == "s-1")
            let running = try await status.running
            #expect(running)
        }
    }

    @Test func `events before and between replies reach the stream in order`() async throws {
        let steps: [Step] = [
            .send(ScriptedServer.greetingLine), .send("{\"event\": \"RESET\"}\r\n"),
            .expect("qmp_capabilities"), .answer(0), .send("{\"event\": \"RESUME\"}\r\n"),
            .expect("stop"), .send("{\"event\": \"STOP\"}\r\n"), .answer(1),
            .send("{\"event\": \"POWERDOWN\"}\r\n"), .hangUp,
        ]
        try await withClient(steps) { client, _ in
            try await client.execute(Stop())
            var events: [QMPEvent] = []
            for await event in client.events { events.append(event) }
            #expect(events == [.reset, .resume, .stop, .powerdown])
        }
    }

    @Test func `a refusal is an error with QEMU's class and the connection goes on`() async throws {
        let steps: [Step] = [
            .greet, .expect("screendump"), .refuse(0, class: "GenericError", description: "no screen"),
            .expect("cont"), .answer(1), .waitForEnd,
        ]
        try await withClient(steps) { client, _ in
            let error = try await #require(throws: QMPError.self) {
                try await client.execute(Screendump(filename: "/nowhere"))
            }
            #expect(error.code == .refused(class: "GenericError"))
            #expect(error.detail == "screendump: no screen")
            try await client.execute(Continue())
        }
    }

    @Test func `a reply of another form than expected is malformed and the connection goes on`() async throws {
        let steps: [Step] = [
            .greet, .expect("query-status"), .answer(0, "[]"), .expect("cont"), .answer(1), .waitForEnd,
        ]
        try await withClient(steps) { client, _ in
            #expect(await code { try await client.execute(QueryStatus()) } == .malformed)
            try await client.execute(Continue())
        }
    }

    @Test func `lines may come in pieces and several at once`() async throws {
        let greeting = ScriptedServer.greetingLine
        let steps: [Step] = [
            .send(String(greeting.prefix(20))), .send(String(greeting.dropFirst(20).dropLast())), .send("\r\n"),
            .expect("qmp_capabilities"), .answer(0),
            .expect("query-status"),
            .send("{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\r\n{\"return\": \(Self.status), "),
            .send("\"id\": 1}\r\n"),
            .waitForEnd,
        ]
        try await withClient(steps) { client, _ in
            let status = try await client.execute(QueryStatus())
            #expect(status.running)
            var events = client.events.makeAsyncIterator()
            #expect(await events.next() == .stop)
            #expect(await events.next() == .resume)
        }
    }

    // MARK: Waiting

    @Test func `a command without an answer times out and its late answer harms nobody`() async throws {
        let steps: [Step] = [
            .greet, .expect("stop"), .expect("query-status"), .answer(0), .answer(1, Self.status), .waitForEnd,
        ]
        try await withClient(steps) { client, _ in
            let clock = ContinuousClock()
            let elapsed = await clock.measure {
                #expect(await code { try await client.execute(Stop(), timeout: .milliseconds(50)) } == .timedOut)
            }
            #expect(elapsed >= .milliseconds(50))
            #expect(elapsed < .seconds(5))
            let status = try await client.execute(QueryStatus(), timeout: .seconds(20))
            #expect(status.running)
        }
    }

    @Test func `a cancelled wait returns at once and the connection goes on`() async throws {
        let steps: [Step] = [.greet, .expect("stop"), .expect("cont"), .answer(1), .waitForEnd]
        try await withClient(steps) { client, server in
            let waiting = Task { try await client.execute(Stop(), timeout: .seconds(3600)) }
            var commands = server.commands.makeAsyncIterator()
            while let command = await commands.next(), command != "stop" {}
            waiting.cancel()
            #expect(await code { _ = try await waiting.value } == .cancelled)
            try await client.execute(Continue())
        }
    }

    @Test(arguments: 0..<50)
    func `a cancellation at any moment is noticed`(attempt: Int) async throws {
        let (client, peer) = try await Self.connectedPair()
        let waiting = Task { try await client.execute(Stop(), timeout: .seconds(3600)) }
        for _ in 0..<attempt { await Task.yield() }
        waiting.cancel()
        #expect(await code { _ = try await waiting.value } == .cancelled)
        await client.close()
        try await peer.value
    }

    // MARK: Ends

    @Test func `the end of the socket in mid-command fails every waiter`() async throws {
        let steps: [Step] = [.greet, .expect("stop"), .expect("stop"), .send("{\"return\""), .hangUp]
        try await withClient(steps) { client, _ in
            async let first = code { try await client.execute(Stop()) }
            async let second = code { try await client.execute(Stop()) }
            #expect(await first == .closed(quitRequested: false))
            #expect(await second == .closed(quitRequested: false))
            for await _ in client.events {}
            guard case .lost(let error) = client.ending else {
                throw QMPError(.malformed, "\(String(describing: client.ending))")
            }
            #expect(error.code == .closed(quitRequested: false))
            #expect(await code { try await client.execute(Stop()) } == .closed(quitRequested: false))
        }
    }

    @Test(arguments: [true, false])
    func `after quit the end of the socket is success`(answered: Bool) async throws {
        let answer: [Step] = answered ? [.answer(0), .send("{\"event\": \"SHUTDOWN\", \"data\": {}}\r\n")] : []
        try await withClient([.greet, .expect("quit")] + answer + [.hangUp]) { client, _ in
            try await client.execute(Quit())
            for await _ in client.events {}
            guard case .quit = client.ending else {
                throw QMPError(.malformed, "\(String(describing: client.ending))")
            }
            #expect(await code { try await client.execute(Stop()) } == .closed(quitRequested: true))
        }
    }

    @Test func `close fails the waiters and finishes the events`() async throws {
        try await withClient([.greet, .expect("stop"), .waitForEnd]) { client, server in
            async let stopped = code { try await client.execute(Stop()) }
            var commands = server.commands.makeAsyncIterator()
            while let command = await commands.next(), command != "stop" {}
            await client.close()
            #expect(await stopped == .closed(quitRequested: false))
            for await _ in client.events {}
            guard case .closed = client.ending else {
                throw QMPError(.malformed, "\(String(describing: client.ending))")
            }
        }
    }

    @Test func `garbage ends the connection`() async throws {
        try await withClient([.greet, .expect("stop"), .send("SSH-2.0-OpenSSH_9.2\r\n"), .waitForEnd]) { client, _ in
            #expect(await code { try await client.execute(Stop()) } == .malformed)
        }
    }

    @Test func `a line above the limit ends the connection`() async throws {
        let piece = String(repeating: "x", count: 10_000)
        let steps: [Step] = [.greet, .expect("stop"), .flood(piece, 1000), .send("x"), .waitForEnd]
        try await withClient(steps) { client, _ in
            #expect(await code { try await client.execute(Stop(), timeout: .seconds(30)) } == .lineTooLong)
        }
    }

    // MARK: Events

    @Test func `a hundred thousand unread events block nothing and the log tells of the loss`() async throws {
        let log = LogRecorder()
        let steps: [Step] = [
            .greet, .expect("query-status"), .flood("{\"event\": \"RTC_CHANGE\"}\r\n", 100_000),
            .send("{\"event\": \"STOP\"}\r\n"), .answer(0, Self.status), .waitForEnd,
        ]
        try await withClient(steps, logger: log.logger) { client, _ in
            let status = try await client.execute(QueryStatus(), timeout: .seconds(40))
            #expect(status.running)
            await client.close()
            var events: [QMPEvent] = []
            for await event in client.events { events.append(event) }
            #expect(events.count == EventBuffer.capacity)
            #expect(events.last == .stop)
        }
        let warnings = log.warnings
        #expect(!warnings.isEmpty)
        #expect(warnings.count < 30)
    }

    /// A client and the other end of its socket, which says yes to the negotiation and nothing more.
    private static func connectedPair() async throws -> (QMPClient, Task<Void, any Error>) {
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let server = try ScriptedServer()
        let far = pair[1]
        let script = Task { try await server.play([.greet, .waitForEnd], descriptor: far) }
        let client = try await QMPClient.connect(descriptor: pair[0], deadline: .seconds(20), logger: .silent)
        return (client, script)
    }
}

/// A logger that keeps its warnings.
final class LogRecorder: Sendable {
    private let messages = Mutex<[String]>([])

    var warnings: [String] { messages.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            recorder.messages.withLock { $0.append("\(event.message)") }
        }
    }
}
