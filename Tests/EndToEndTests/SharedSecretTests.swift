import Domain
import Foundation
import Glibc
import Processes
import Queue
import Testing

/// Services with another secret than the other hosts of their Redis.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct SharedSecretTests {
    /// Runs a role on another host of a service's Redis, until it ends.
    private func run(
        _ role: [String], _ others: [String] = [], of service: RunningService
    ) async throws -> (code: Int32, says: String) {
        try await service.end(
            of: role,
            [
                "state_dir=\(service.root)/other", "runtime_dir=\(service.root)/r2", "worker.name=other",
                "redis.url=unix://\(service.runtime)/redis.sock", "frontend.listen=127.0.0.1:0",
            ] + others)
    }

    @Test
    func `no role starts with another secret than the other hosts have, and each says which file and the way out`()
        async throws
    {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try await service.start()
        for role in [["frontend"], ["worker"], ["scheduler"], ["start", "grub.iso"]] {
            let (code, says) = try await run(role, of: service)
            #expect(code == 78, "\(role): \(says)")
            #expect(says.contains("\(service.root)/other/secret"))
            #expect(says.contains("redis-cli -u <redis.url> DEL qwd:secret"))
        }
        #expect(try await service.queue.hosts().map(\.name) == ["here"])
        // With the same one they start: this one has nothing to do on the way.
        try FileManager.default.removeItem(atPath: "\(service.root)/other/secret")
        try FileManager.default.copyItem(atPath: "\(service.state)/secret", toPath: "\(service.root)/other/secret")
        #expect(try await run(["start", "unknown.iso"], of: service).code == 1)
        await service.shutDown()
    }

    @Test func `one that starts before its Redis ends as soon as that can be asked`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try await service.start()
        await service.terminate()
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        Glibc.close(listener.descriptor.take())
        async let end = run(["frontend"], ["frontend.listen=127.0.0.1:\(listener.port)"], of: service)
        // It tells nobody that it listens but in its log, which is read to its end.
        while (try? Peer.connect(port: listener.port)) == nil { try await Task.sleep(for: .milliseconds(20)) }
        try await service.start()
        let (code, says) = try await end
        #expect(code == 78 && says.contains("DEL qwd:secret"), "\(says)")
        await service.shutDown()
    }

    @Test func `a secret that was replaced on purpose is taken once the old one is forgotten`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try await service.start()
        await service.terminate()
        try FileManager.default.removeItem(atPath: "\(service.state)/secret")
        let (code, says) = try await service.end()
        #expect(code == 78)
        #expect(says.contains("redis-cli -s \(service.runtime)/redis.sock DEL qwd:secret"), "\(says)")
        let forgotten = try await ForegroundProcess.run(
            Program("redis-cli", ["-s", "\(service.runtime)/redis.sock", "DEL", "qwd:secret"], package: "redis-tools"))
        #expect(forgotten.output == "1\n")
        try await service.start()
        await service.shutDown()
    }
}
