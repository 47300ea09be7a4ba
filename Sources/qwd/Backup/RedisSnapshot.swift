import Glibc
import Logging
import Processes
import Redis
import Settings

/// A copy of the data from one moment of the Redis of this host, while it runs. Redis writes it itself, from a process of its own (BGSAVE).
struct RedisSnapshot {
    let settings: Settings
    /// How long it may take. A queue of a million sessions takes some seconds.
    var limit = Duration.seconds(300)

    private var dump: String { "\(settings.stateDir)/redis/dump.rdb" }

    /// Whether it runs, and its data is that of the state directory.
    func isThere() async -> Bool {
        if settings.redis.url == nil { return PrivateRedis.running(settings) != nil }
        guard let client = try? client() else { return false }
        let answer = try? await within(.seconds(5)) { try await client.send(["CONFIG", "GET", "dir"]).array }
        await client.close()
        let place = answer.flatMap(\.self)?.last?.string
        return place.flatMap { Files.real($0) } == Files.real(PrivateRedis.directory(settings))
    }

    /// - Throws: `Failure` if Redis can't.
    func copy(to file: String) async throws {
        let client = try client()
        do {
            let isMade = try await within(limit) { try await save(client) }
            await client.close()
            if isMade == nil { throw Failure(.unavailable, "Redis has made no copy of its data within \(limit).") }
        } catch let error as RedisError {
            await client.close()
            throw Failure(.unavailable, "\(error)")
        }
        try Files.copy(dump, to: file)
        // Redis itself reads its log alone.
        unlink(dump)
    }

    /// Says nothing in a log: it is a person who waits.
    private func client() throws(Failure) -> RedisClient {
        let logger = Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() }
        return RedisClient(address: try Connection.address(settings), logger: logger)
    }

    /// Makes Redis write its data, and waits for it.
    private func save(_ client: RedisClient) async throws -> Bool? {
        // Another copy may be on its way, or a shorter log: then it refuses.
        while !(try await begins(client)) { try await Task.sleep(for: .milliseconds(100)) }
        while true {
            let state = try await Self.persistence(client)
            if state["rdb_bgsave_in_progress"] == "0" {
                guard state["rdb_last_bgsave_status"] == "ok" else {
                    throw Failure(
                        .failed,
                        "Redis can't write a copy of its data. Its log says why: \(settings.stateDir)/redis/redis.log")
                }
                return true
            }
            // Redis tells nobody that it is through.
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func begins(_ client: RedisClient) async throws -> Bool {
        do throws(RedisError) {
            _ = try await client.send(["BGSAVE"])
            return true
        } catch {
            guard error.code == .server else { throw error }
            return false
        }
    }

    private static func persistence(_ client: RedisClient) async throws -> [String: String] {
        let text = try await client.send(["INFO", "persistence"]).string ?? ""
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return values
    }
}
