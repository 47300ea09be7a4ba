import Logging
import Redis
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct SubscribeTests {
    @Test func `messages arrive in order once the subscription is in force`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        var messages = client.subscribe("status").makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        for number in 0..<1000 { _ = try await client.send(["PUBLISH", "status", "\(number)"]) }
        for number in 0..<1000 { #expect(await messages.next() == .message("\(number)")) }
        await server.stop()
    }

    @Test func `after a restart the stream says that messages may be missing and goes on`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        var status = client.subscribe("status").makeAsyncIterator()
        var other = client.subscribe("other").makeAsyncIterator()
        #expect(await status.next() == .reconnected)
        #expect(await other.next() == .reconnected)
        try await server.restart()
        #expect(await status.next() == .reconnected)
        #expect(await other.next() == .reconnected)
        _ = try await server.client().send(pipeline: [["PUBLISH", "status", "a"], ["PUBLISH", "other", "b"]])
        #expect(await status.next() == .message("a"))
        #expect(await other.next() == .message("b"))
        await server.stop()
    }

    @Test func `a subscription waits for a server that starts later`() async throws {
        let server = try await RedisServer.start()
        server.kill()
        let client = server.client()
        var messages = client.subscribe("status").makeAsyncIterator()
        try await server.restart()
        #expect(await messages.next() == .reconnected)
        await server.stop()
    }

    @Test func `a subscription to a server that fell silent is opened again`() async throws {
        let server = try await RedisServer.start()
        let (log, logged) = AsyncStream.makeStream(of: String.self)
        let client = RedisClient(
            address: server.address, commandTimeout: .milliseconds(300),
            logger: Logger(label: "test") { _ in LogStream(continuation: logged) })
        var messages = client.subscribe("status").makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        server.freeze()
        #expect(await log.first { _ in true } == "Redis subscription lost, connecting again")
        server.thaw()
        #expect(await messages.next() == .reconnected)
        await server.stop()
    }

    @Test func `readers of a channel share a subscription, and it ends with the last of them`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        func subscribers() async throws -> Int? {
            try await client.send(["PUBSUB", "NUMSUB", "status"]).array?.last?.integer
        }
        var other = client.subscribe("other").makeAsyncIterator()
        #expect(await other.next() == .reconnected)
        do {
            let readers = (0..<3).map { _ in client.subscribe("status") }
            for reader in readers { #expect(await reader.first { _ in true } == .reconnected) }
            #expect(try await subscribers() == 1)
        }
        try await until { try await subscribers() == 0 }
        _ = try await client.send(["PUBLISH", "other", "a"])
        #expect(await other.next() == .message("a"))
        await server.stop()
    }

    @Test func `the connection closes with its last reader`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let alone = try await client.statistic("connected_clients") ?? 0
        let reading = Task { for await _ in client.subscribe("status") {} }
        try await until { try await client.statistic("connected_clients") == alone + 1 }
        reading.cancel()
        try await until { try await client.statistic("connected_clients") == alone }
        await server.stop()
    }

    @Test func `a closed client ends its streams`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        var messages = client.subscribe("status").makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        await client.close()
        #expect(await messages.next() == nil)
        await server.stop()
    }
}

/// Makes an event of what is logged.
private struct LogStream: LogHandler {
    let continuation: AsyncStream<String>.Continuation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { continuation.yield(event.message.description) }
}
