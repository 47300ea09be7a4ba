import Domain
@testable import Frontend
import Queue
import Redis
import Testing
import TestSupport

/// Who may see what those who look after the service see, and what anybody can make it compute.
@Suite(.timeLimit(.minutes(1)))
struct MonitoringTests {
    private func options(_ monitoring: [String], proxies: [String] = []) -> FrontendOptions {
        FrontendOptions(
            defaultMemoryMiB: 1024, proxies: proxies.compactMap { IPNetwork($0) },
            monitoring: monitoring.compactMap { IPNetwork($0) })
    }

    @Test(
        arguments: [
            (["127.0.0.0/8"], [], [], true), (["192.0.2.0/24"], [], [], false), ([], [], [], false),
            // What came by a proxy counts as whom that names, if the proxy is ours, and as anybody if not.
            (["127.0.0.0/8"], ["127.0.0.1"], [("X-Forwarded-For", "203.0.113.9")], false),
            (["203.0.113.0/24"], ["127.0.0.1"], [("X-Forwarded-For", "203.0.113.9")], true),
            (["127.0.0.0/8"], [], [("X-Forwarded-For", "203.0.113.9")], false),
            (["127.0.0.0/8"], [], [("Forwarded", "for=203.0.113.9")], false),
            (["127.0.0.0/8"], [], [("Via", "1.1 x")], false),
            (["203.0.113.0/24"], [], [("X-Forwarded-For", "203.0.113.9")], false),
        ] as [([String], [String], [(String, String)], Bool)])
    func `measurements are for the addresses that an administrator named`(
        monitoring: [String], proxies: [String], headers: [(String, String)], isTold: Bool
    ) async throws {
        try await withSite(options(monitoring, proxies: proxies)) { site in
            try await site.hostUp("host-a")
            let metrics = try await site.http.get("/metrics", headers: headers)
            #expect(metrics.status == (isTold ? 200 : 403))
            #expect(metrics.body.contains("host-a") == isTold)
            #expect(metrics.body.contains("frontend.monitoring") != isTold)
            // The host has another version than the pages.
            let said = try await site.http.get("/readyz", headers: headers).body
            #expect(said.hasPrefix("ready\n") && said.contains("host-a has version 1") == isTold)
            site.server.kill()
            let ready = try await site.http.get("/readyz", headers: headers)
            #expect(ready.status == 503)
            #expect((ready.body != "not ready\n") == isTold)
            #expect(ready.body.contains("redis.sock") == isTold || ready.body.contains(":") == isTold)
        }
    }

    @Test func `what is the same for everybody is asked of Redis once a second`() async throws {
        try await withSite(freshness: .seconds(60)) { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/", "/metrics", "/sessions/\(id)"] { _ = try await site.http.get(path) }
            let before = try await site.commands(["smembers", "zrange", "zcard", "zrank", "zrangebyscore"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let reply = try await site.http.get(["/", "/metrics", "/sessions/\(id)"][number % 3])
                        #expect(reply.status == 200)
                    }
                }
                try await group.waitForAll()
            }
            let after = try await site.commands(["smembers", "zrange", "zcard", "zrank", "zrangebyscore"])
            #expect(after == before)
        }
    }

    @Test func `all who ask at one time get one answer, and an error is not kept`() async throws {
        let finds = Box(0)
        let cached = Cached<Int>(life: .seconds(60)) {
            finds.value += 1
            try? await Task.sleep(for: .milliseconds(50))
            return finds.value
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await cached.value() } }
            for try await value in group { #expect(value == 1) }
        }
        await cached.forget()
        #expect(try await cached.value() == 2)
    }
}

extension TestSite {
    /// How often Redis was sent these commands.
    func commands(_ names: [String]) async throws -> Int {
        let client = RedisClient(address: server.address, logger: log.logger)
        let text = try await client.send(["INFO", "commandstats"]).string ?? ""
        await client.close()
        return text.split(whereSeparator: \.isNewline).reduce(0) { sum, line in
            guard let name = names.first(where: { line.hasPrefix("cmdstat_\($0):calls=") }) else { return sum }
            return sum + (Int(line.dropFirst("cmdstat_\(name):calls=".count).prefix { $0 != "," }) ?? 0)
        }
    }
}
