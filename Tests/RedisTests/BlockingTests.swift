import Redis
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct BlockingTests {
    @Test func `a blocked command is woken by what it waits for, and others pass meanwhile`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        async let popped = client.block(["BZPOPMIN", "wake", "0"], for: .seconds(60))
        try await until { try await client.statistic("blocked_clients") == 1 }
        _ = try await client.send(["ZADD", "wake", "3", "job"])
        #expect(try await popped == .array([.string("wake"), .string("job"), .string("3")]))
        await server.stop()
    }

    @Test func `nothing to wait for is a null reply, and the connection is used again`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let command = ["BZPOPMIN", "wake", "0.01"]
        #expect(try await client.block(command, for: .milliseconds(10)) == .null)
        let before = try await client.statistic("total_connections_received")
        #expect(try await client.block(command, for: .milliseconds(10)) == .null)
        #expect(await client.failure(blocking: ["BZPOPMIN"], for: .zero) == .server)
        #expect(try await client.block(command, for: .milliseconds(10)) == .null)
        #expect(try await client.statistic("total_connections_received") == before)
        await server.stop()
    }

    @Test func `a cancelled wait ends at once, at the server too`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let waiting = Task { await client.failure(blocking: ["BZPOPMIN", "wake", "0"], for: .seconds(3600)) }
        try await until { try await client.statistic("blocked_clients") == 1 }
        waiting.cancel()
        #expect(await waiting.value == .cancelled)
        try await until { try await client.statistic("blocked_clients") == 0 }
        _ = try await client.send(["ZADD", "wake", "1", "job"])
        #expect(try await client.send(["ZCARD", "wake"]) == .integer(1))
        await server.stop()
    }

    @Test func `a wait in a cancelled task never begins`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let waiting = Task {
            while !Task.isCancelled { await Task.yield() }
            return await client.failure(blocking: ["BZPOPMIN", "wake", "0"], for: .seconds(3600))
        }
        waiting.cancel()
        #expect(await waiting.value == .cancelled)
        await server.stop()
    }

    @Test func `closing the client ends blocked commands`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let observer = server.client()
        async let ended = client.failure(blocking: ["BZPOPMIN", "wake", "0"], for: .seconds(3600))
        try await until { try await observer.statistic("blocked_clients") == 1 }
        await client.close()
        #expect(await ended == .shuttingDown)
        await server.stop()
    }

    @Test func `a server that forgets a blocked command is timed out`() async throws {
        let server = try await RedisServer.start()
        let client = server.client(commandTimeout: .seconds(1))
        async let ended = client.failure(blocking: ["BZPOPMIN", "wake", "0"], for: .milliseconds(100))
        #expect(await ended == .timedOut)
        await server.stop()
    }

    @Test func `a killed server ends blocked commands`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        async let ended = client.failure(blocking: ["BZPOPMIN", "wake", "0"], for: .seconds(3600))
        try await until { try await client.statistic("blocked_clients") == 1 }
        server.kill()
        #expect(await ended == .unavailable)
        await server.stop()
    }
}
