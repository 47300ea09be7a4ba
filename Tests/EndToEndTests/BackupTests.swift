import Domain
import Foundation
import Ledger
import Processes
import Queue
import Testing
import TestSupport

/// `qwd backup` beside a service that runs, and `qwd restore` where it was.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct BackupTests {
    /// A service with a session, and a configuration of its own.
    private func running() async throws -> (service: RunningService, copy: String, config: String) {
        let service = try RunningService(["worker.hypervisor=simulated"])
        let config = "\(service.root)/etc/qwd.yaml"
        try FileManager.default.createDirectory(atPath: "\(service.root)/etc/qwd.d", withIntermediateDirectories: true)
        try Files.write("log: { level: notice }\n", to: config)
        try Files.write("form: { cpu: [1, 2] }\n", to: "\(service.root)/etc/qwd.d/site.yaml")
        chmod(config, 0o640)
        try await service.start()
        return (service, "\(service.root)/copy", config)
    }

    @Test func `what a service can't make again comes back as it was`() async throws {
        let (service, copy, config) = try await running()
        let id = try await service.create()
        #expect(try await service.settled(id).state == .running)
        let ledger = try await Ledger(reading: "\(service.state)/ledger.sqlite")
        // The scheduler notes it a moment after it happened.
        while try await ledger.entries(matching: AuditQuery()).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        try await ledger.close()
        let secret = try Data(contentsOf: URL(filePath: "\(service.state)/secret"))

        let made = try await service.answer(to: ["backup", copy, "--config", config])
        #expect(made.code == 0, "\(made)")
        #expect(FileRights(of: copy)?.mode == 0o700)
        for words in ["the secret", "the ledger", "the queue", "configuration", "machines"] {
            #expect(made.output.contains(words))
        }
        #expect(!Files.exists("\(service.state)/redis/dump.rdb"), "it was moved")
        #expect(try await service.settled(id).state == .running, "nobody noticed")
        let before = try await entries("\(copy)/ledger.sqlite")
        #expect(!before.isEmpty)

        let early = try await service.answer(to: ["restore", copy, "--force"])
        #expect(early.code == 69 && early.errors.contains("runs. Stop it first"), "\(early)")
        await service.terminate()
        let there = try await service.answer(to: ["restore", copy])
        #expect(there.code == 1 && there.errors.contains("--force"), "\(there)")

        try FileManager.default.removeItem(atPath: service.state)
        try FileManager.default.removeItem(atPath: "\(service.root)/etc")
        try FileManager.default.removeItem(atPath: "\(service.machines)/machines.conf")
        let restored = try await service.answer(to: ["restore", copy])
        #expect(restored.code == 0, "\(restored)")
        for place in ["\(service.state)/secret", config, "\(service.machines)/machines.conf"] {
            #expect(restored.output.contains(place))
        }
        #expect(try Data(contentsOf: URL(filePath: "\(service.state)/secret")) == secret)
        #expect(FileRights(of: "\(service.state)/secret")?.mode == 0o600)
        #expect(FileRights(of: service.state)?.mode == 0o700 && FileRights(of: config)?.mode == 0o640)
        #expect(Files.read("\(service.root)/etc/qwd.d/site.yaml") == "form: { cpu: [1, 2] }\n")
        #expect(try await entries("\(service.state)/ledger.sqlite") == before)
        try await service.start()
        #expect(try await service.queue.session(id)?.request.machine == "grub.iso", "the queue knows it")
        // The host is the one that it was, and has no machine of it.
        try await service.wait(for: id) { $0.state == .ended }
        await service.shutDown()
    }

    private func entries(_ path: String) async throws -> [String] {
        let ledger = try await Ledger(reading: path)
        let ids = try await ledger.entries(matching: AuditQuery()).map(\.id)
        try await ledger.close()
        return ids
    }

    @Test func `a backup has the queue of a Redis of systemd's, and is not put back under it`() async throws {
        let (service, copy, _) = try await running()
        let id = try await service.create()
        #expect(try await service.settled(id).state == .running)
        await service.terminate()
        // The same data under a Redis that somebody else starts.
        let redis = "\(service.state)/redis"
        let server = try await RedisServer.start(
            appendOnly: true, arguments: ["--dir", redis, "--unixsocketperm", "700"])
        service.overrides += ["redis.url=unix://\(server.socket)"]
        let made = try await service.answer(to: ["backup", copy])
        #expect(made.code == 0 && made.output.contains("the queue"), "\(made)")
        #expect(Files.exists("\(copy)/redis.rdb") && !Files.exists("\(redis)/dump.rdb"))
        let early = try await service.answer(to: ["restore", copy, "--force"])
        #expect(early.code == 69 && early.errors.contains("The queue's Redis (process \(server.pid)) runs"), "\(early)")
        await server.stop()
        Files.remove(redis)
        let restored = try await service.answer(to: ["restore", copy, "--force"])
        #expect(restored.code == 0, "\(restored)")
        service.overrides.removeLast()
        try await service.start()
        #expect(try await service.queue.session(id)?.request.machine == "grub.iso")
        await service.shutDown()
    }

    @Test func `a backup of a service that has ended has its queue too`() async throws {
        let (service, copy, _) = try await running()
        let id = try await service.create()
        #expect(try await service.settled(id).state == .running)
        await service.terminate()
        #expect(try await service.answer(to: ["backup", copy]).code == 0)
        let forced = try await service.answer(to: ["restore", copy, "--force"])
        #expect(forced.code == 0, "\(forced)")
        try await service.start()
        #expect(try await service.queue.session(id) != nil)
        await service.shutDown()
    }

    @Test func `nothing is restored beside the Redis of a service that was killed`() async throws {
        let (service, copy, _) = try await running()
        #expect(try await service.answer(to: ["backup", copy]).code == 0)
        await service.kill()
        let answer = try await service.answer(to: ["restore", copy, "--force"])
        #expect(answer.code == 69 && answer.errors.contains("Redis"), "\(answer)")
        await service.shutDown()
    }

    @Test func `what is damaged, is no backup, or is of a later program is refused and changes nothing`() async throws {
        let (service, copy, config) = try await running()
        #expect(try await service.answer(to: ["backup", copy, "--config", config]).code == 0)
        await service.terminate()
        let manifest = try #require(Files.read("\(copy)/manifest.json"))
        func refusal(_ says: String) async throws {
            let answer = try await service.answer(to: ["restore", copy, "--force"])
            #expect(answer.code == 1 && answer.errors.contains(says), "\(answer)")
            #expect(Files.read(config) == "log: { level: notice }\n")
        }
        let file = "\(copy)/configuration\(config)"
        try Files.write("log: { level: debug }\n", to: file)
        try await refusal("is not what was backed up")
        try Files.write("log: { level: notice }\n", to: file)
        try Files.write(manifest.replacing("\"format\" : 1", with: "\"format\" : 2"), to: "\(copy)/manifest.json")
        try await refusal("another version")
        try Files.write(
            manifest.replacing("\"configuration\(config)\"", with: "\"../secret\""), to: "\(copy)/manifest.json")
        try await refusal("a place that is none")
        try Files.write("{", to: "\(copy)/manifest.json")
        try await refusal("damaged")
        Files.remove("\(copy)/manifest.json")
        try await refusal("is no backup")
        await service.shutDown()
    }

    @Test func `nothing is restored below a process that has the ledger open, as a scheduler alone has`() async throws {
        let (service, copy, _) = try await running()
        #expect(try await service.answer(to: ["backup", copy]).code == 0)
        await service.terminate()
        let ledger = try #require(FileHandle(forReadingAtPath: "\(service.state)/ledger.sqlite"))
        let answer = try await service.answer(to: ["restore", copy, "--force"])
        #expect(answer.code == 69 && answer.errors.contains("process \(getpid())"), "\(answer)")
        try ledger.close()
        #expect(try await service.answer(to: ["restore", copy, "--force"]).code == 0)
        await service.shutDown()
    }

    @Test func `a backup that others could have changed is not obeyed`() async throws {
        let (service, copy, config) = try await running()
        #expect(try await service.answer(to: ["backup", copy, "--config", config]).code == 0)
        await service.terminate()
        chmod("\(copy)/manifest.json", 0o666)
        let answer = try await service.answer(to: ["restore", copy, "--force"])
        #expect(answer.code == 77 && answer.errors.contains("chmod go-w"), "\(answer)")
        chmod("\(copy)/manifest.json", 0o600)
        #expect(try await service.answer(to: ["restore", copy, "--force"]).code == 0)
        await service.shutDown()
    }

    @Test func `a directory that has something in it is left alone, and another's Redis is named`() async throws {
        let (service, copy, _) = try await running()
        try Files.makeDirectory(copy)
        try Files.write("mine", to: "\(copy)/note")
        let full = try await service.answer(to: ["backup", copy])
        #expect(full.code == 1 && full.errors.contains("not empty") && Files.names(in: copy) == ["note"], "\(full)")
        let other = try await service.answer(to: ["backup", "\(copy)2", "--set", "redis.url=redis://127.0.0.1:1"])
        #expect(other.code == 0 && other.errors.contains("redis.url"), "\(other)")
        #expect(!other.output.contains("the queue"))
        await service.shutDown()
    }
}
