import Domain
import Foundation
import Processes
import Queue
import Testing

/// Every way in which a session may end, without any page being open.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct EndTests {
    /// What every end has in common: nothing is left, and that within 5 s.
    private func expectFreed(
        _ service: RunningService, _ id: SessionID, _ reason: EndReason, after cause: () async throws -> Void
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await cause()
        let session = try await service.wait(for: id) { $0.state == .ended }
        #expect(session.reason == reason, "\(session.detail ?? "")")
        #expect(clock.now - start < .seconds(5))
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    private func running(_ fields: [String: String] = [:]) async throws -> (RunningService, SessionID) {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create(fields)
        let session = try await service.settled(id)
        try #require(session.state == .running, "\(session.detail ?? "")\n\(service.log)")
        return (service, id)
    }

    @Test func `stopped by its owner`() async throws {
        let (service, id) = try await running()
        try await expectFreed(service, id, .stopped) { try await service.queue.stop(id) }
    }

    @Test func `its life-time is over`() async throws {
        let service = try RunningService(["form.lifetime=[1s, 1h]", "defaults.lifetime=1s"])
        try await service.start()
        let id = try await service.create(["snapshot_lifetime": "1"])
        _ = try await service.settled(id)
        try await expectFreed(service, id, .expired) {}
    }

    @Test func `QEMU is killed`() async throws {
        let (service, id) = try await running()
        try await expectFreed(service, id, .crashed) { kill(service.machineProcesses[0], SIGKILL) }
    }

    @Test func `the guest powers itself off`() async throws {
        let service = try RunningService()
        // mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt: sleep state S5 by the ACPI control register of QEMU's PC.
        var disk = [UInt8](repeating: 0, count: 1 << 20)
        disk.replaceSubrange(0..<8, with: [0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF, 0xF4])
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        try Data(disk).write(to: URL(filePath: "\(service.root)/disk"))
        try service.add(machine: "off.raw", file: "\(service.root)/disk", description: "Powers itself off")
        try await service.start()
        let id = try await service.create(["machine": "off.raw"])
        try await expectFreed(service, id, .poweredOff) {}
    }

    @Test func `sixteen at once start, share nothing, and stop at once`() async throws {
        let service = try RunningService(["worker.concurrent_jobs=4"])
        try await service.start()
        let ids = try await withThrowingTaskGroup(of: SessionID.self) { group in
            for _ in 0..<16 { group.addTask { try await service.create(["memory": "0.125"]) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var links: Set<String> = []
        for id in ids {
            #expect(try await service.settled(id).state == .running)
            links.insert(try await service.status(id)["connect_url"] as? String ?? "")
        }
        #expect(links.count == 16)
        #expect(Set(service.machineProcesses).count == 16)
        for id in ids { try await service.queue.stop(id) }
        for id in ids { #expect(try await service.wait(for: id) { $0.state == .ended }.reason == .stopped) }
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }
}
