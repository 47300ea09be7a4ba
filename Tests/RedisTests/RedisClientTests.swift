import Redis
import ServiceLifecycle
import Testing
import TestSupport

/// Against a real server.
@Suite(.timeLimit(.minutes(1)))
struct RedisClientTests {
    @Test func `every kind of reply arrives`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        #expect(try await client.send(["SET", "k", "Grüße\r\n"]) == .string("OK"))
        #expect(try await client.send(["GET", "k"]) == .string("Grüße\r\n"))
        #expect(try await client.send(["GET", "none"]) == .null)
        #expect(try await client.send(["INCRBY", "n", "41"]) == .integer(41))
        let mixed = "return {1, 'a', {redis.error_reply('OOPS x'), {}}, false}"
        #expect(
            try await client.send(["EVAL", mixed, "0"])
                == .array([.integer(1), .string("a"), .array([.error("OOPS x"), .array([])]), .null]))
        await client.close()
        await server.stop()
    }

    @Test func `a reply of many thousand elements arrives whole`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let elements = (0..<20_000).map { "element \($0)" }
        #expect(try await client.send(["RPUSH", "list"] + elements) == .integer(20_000))
        #expect(try await client.send(["LRANGE", "list", "0", "-1"]) == .array(elements.map { .string($0) }))
        await server.stop()
    }

    @Test func `an error reply is thrown, in a pipeline it is an element`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let error = await #expect(throws: RedisError.self) { try await client.send(["INCR"]) }
        #expect(error?.code == .server)
        #expect(error?.detail.hasPrefix("ERR wrong number of arguments") == true)
        let replies = try await client.send(pipeline: [["SET", "k", "a"], ["INCR", "k"], ["GET", "k"]])
        #expect(replies.count == 3)
        #expect(replies[1] == .error("ERR value is not an integer or out of range"))
        #expect(replies[2] == .string("a"))
        #expect(try await client.send(pipeline: []) == [])
        await server.stop()
    }

    @Test func `a thousand concurrent commands share a connection and get their own replies`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let before = try await client.statistic("total_connections_received")
        try await withThrowingTaskGroup { group in
            for number in 0..<1000 {
                group.addTask {
                    if number.isMultiple(of: 10) {
                        let replies = try await client.send(pipeline: (0..<5).map { ["ECHO", "\(number) \($0)"] })
                        #expect(replies == (0..<5).map { .string("\(number) \($0)") })
                    } else {
                        #expect(try await client.send(["ECHO", "\(number)"]) == .string("\(number)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await client.statistic("total_connections_received") == before)
        await server.stop()
    }

    @Test func `concurrent first commands open one connection`() async throws {
        let server = try await RedisServer.start()
        let observer = server.client()
        let before = try await observer.statistic("total_connections_received") ?? 0
        let client = server.client()
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { _ = try? await client.send(["PING"]) } }
        }
        #expect(try await observer.statistic("total_connections_received") == before + 1)
        await server.stop()
    }

    @Test func `a script is loaded once and again on a server that forgot it`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let script = RedisScript(name: "sum", source: "return {KEYS[1], ARGV[1] + ARGV[2]}")
        for _ in 0..<3 {
            #expect(
                try await client.evaluate(script, keys: ["k"], arguments: ["1", "2"])
                    == .array([.string("k"), .integer(3)]))
        }
        #expect(try await client.statistic("number_of_cached_scripts") == 1)
        let sent = try await client.statistic("total_commands_processed") ?? 0
        _ = try await client.evaluate(script, keys: ["k"], arguments: ["1", "2"])
        #expect(try await client.statistic("total_commands_processed") == sent + 2)  // EVALSHA and the INFO before

        _ = try await client.send(["SCRIPT", "FLUSH"])
        #expect(
            try await client.evaluate(script, keys: ["k"], arguments: ["2", "2"])
                == .array([.string("k"), .integer(4)]))
        await server.stop()
    }

    @Test func `a script that fails or does not compile says which one`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let broken = RedisScript(name: "broken", source: "return +")
        let error = await #expect(throws: RedisError.self) { try await client.evaluate(broken, arguments: []) }
        #expect(error?.code == .server)
        #expect(error?.detail.contains("script broken") == true)
        let failing = RedisScript(name: "failing", source: "return redis.error_reply('STALE fence')")
        let failure = await #expect(throws: RedisError.self) { try await client.evaluate(failing, arguments: []) }
        #expect(failure?.detail == "STALE fence")
        await server.stop()
    }

    @Test func `functions are loaded once, again on a server that forgot them, and beside those of another version`()
        async throws
    {
        let server = try await RedisServer.start()
        let client = server.client()
        func library(_ operation: String) -> RedisLibrary {
            RedisLibrary(
                name: "sums", shared: "local function of(a, b) return a \(operation) b end\n",
                functions: [("sum", "function(_, ARGV) return of(ARGV[1], ARGV[2]) end", false)])
        }
        let (old, new) = (library("+"), library("-"))
        // Several who need them at once.
        try await withThrowingTaskGroup(of: RedisValue.self) { group in
            for _ in 0..<5 { group.addTask { try await client.call("sum", of: old, arguments: ["3", "2"]) } }
            for try await reply in group { #expect(reply == .integer(5)) }
        }
        #expect(try await client.call("sum", of: new, arguments: ["3", "2"]) == .integer(1))
        #expect(try await client.call("sum", of: old, arguments: ["3", "2"]) == .integer(5))
        #expect(try await client.send(["FUNCTION", "LIST"]).array?.count == 2)
        let sent = try await client.statistic("total_commands_processed") ?? 0
        _ = try await client.call("sum", of: old, arguments: ["3", "2"])
        #expect(try await client.statistic("total_commands_processed") == sent + 2)  // FCALL and the INFO before

        _ = try await client.send(["FUNCTION", "FLUSH"])
        #expect(try await client.call("sum", of: old, arguments: ["3", "2"]) == .integer(5))

        let broken = RedisLibrary(name: "broken", shared: "return +", functions: [])
        let error = await #expect(throws: RedisError.self) { try await client.call("x", of: broken, arguments: []) }
        #expect(error?.code == .server)
        #expect(error?.detail.contains("functions of broken") == true)
        await server.stop()
    }

    @Test func `a lost connection fails every waiting command and the next one connects again`() async throws {
        let server = try await RedisServer.start(appendOnly: true)
        let client = server.client()
        _ = try await client.send(["SET", "k", "kept"])
        server.freeze()
        let codes = await withTaskGroup(returning: [RedisError.Code?].self) { group in
            for _ in 0..<100 { group.addTask { await client.failure(of: ["PING"]) } }
            server.kill()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == Array(repeating: .unavailable, count: 100))
        #expect(await client.failure(of: ["PING"]) == .unavailable)
        try await server.restart()
        #expect(try await client.send(["GET", "k"]) == .string("kept"))
        await server.stop()
    }

    @Test func `a silent server is timed out and used again when it is back`() async throws {
        let server = try await RedisServer.start()
        let client = server.client(commandTimeout: .seconds(1))
        // A second is long for Redis, but can be short on a machine that is busy with other tests.
        try await until { await client.failure(of: ["PING"]) == nil }
        server.freeze()
        #expect(await client.failure(of: ["PING"]) == .timedOut)
        #expect(await client.failure(of: ["PING"]) == .timedOut)
        server.thaw()
        try await until { await client.failure(of: ["PING"]) == nil }
        await server.stop()
    }

    @Test func `without a server a command fails at once`() async throws {
        let client = RedisClient(
            address: RedisAddress(unixSocket: "/tmp/qwd-no-such-socket"), commandTimeout: .seconds(3600), logger: .quiet
        )
        let error = await #expect(throws: RedisError.self) { try await client.send(["PING"]) }
        #expect(error?.code == .unavailable)
        #expect(error?.description == "Redis at unix:///tmp/qwd-no-such-socket: No such file or directory")
    }

    @Test func `closing waits for replies under way and refuses what comes later`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        let observer = server.client()
        // On the shared connection, so that its reply is under way for as long as the test likes.
        async let slow = client.send(["BLPOP", "list", "0"])
        try await until { try await observer.statistic("blocked_clients") == 1 }
        async let closing: Void = client.close()
        try await until { await client.failure(blocking: ["PING"], for: .zero) == .shuttingDown }
        #expect(await client.failure(of: ["PING"]) == .shuttingDown)
        _ = try await observer.send(["RPUSH", "list", "a"])
        #expect(try await slow == .array([.string("list"), .string("a")]))
        await closing

        #expect(await client.failure(blocking: ["BLPOP", "list", "1"], for: .seconds(1)) == .shuttingDown)
        for await _ in client.subscribe("x") { Issue.record("a closed client has no messages") }
        await client.close()
        await server.stop()
    }

    @Test func `graceful shutdown closes the client`() async throws {
        let server = try await RedisServer.start()
        let client = server.client()
        #expect(try await client.send(["PING"]) == .string("PONG"))
        let group = ServiceGroup(services: [client], logger: .quiet)
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
        #expect(await client.failure(of: ["PING"]) == .shuttingDown)
        await server.stop()
    }

    @Test func `a client that is let go closes its connection`() async throws {
        let server = try await RedisServer.start()
        let observer = server.client()
        let alone = try await observer.statistic("connected_clients")
        do {
            let client = server.client()
            _ = try await client.send(["PING"])
        }
        try await until { try await observer.statistic("connected_clients") == alone }
        await server.stop()
    }
}
