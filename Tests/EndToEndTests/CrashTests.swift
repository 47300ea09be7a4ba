import Domain
import Foundation
import Processes
import Queue
import Redis
import Testing
import Viewer

/// Kills the whole service at every step, without any clean-up, and looks at what its next start makes of it.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct CrashTests {
    @Test(
        arguments: ["claim", "snapshot", "launch", "network", "commit", "switch-on", "display", "running"])
    func `a service killed in a create brings the session up exactly once`(place: String) async throws {
        let service = try RunningService()
        try await service.start(crashAt: place)
        let id = try await service.createUntilKilled()
        try await service.start()
        let session = try await service.settled(id)
        #expect(session.state == .running, "\(session.detail ?? "")\n\(service.log)")
        #expect(service.machineProcesses.count == 1)
        let monitor = try QMPDoor("\(service.runtime)/sessions/\(id)/monitor.sock")
        #expect(try monitor.ask("query-status").contains("\"running\": true"))
        let events = try await service.queue.events(of: id)
        #expect(events.filter { $0.fields["step"] == "commit" }.count == 1)
        let end = try await service.stopped(id)
        #expect(end.reason == .stopped)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test(arguments: ["commit", "display"])
    func `a one-shot session whose service was killed in its create ends with its only viewer`(place: String)
        async throws
    {
        let service = try RunningService(["display.one_shot_grace=500ms"])
        try await service.start(crashAt: place)
        let id = try await service.createUntilKilled(["oneshot": "1"])
        try await service.start()
        let session = try await service.settled(id)
        #expect(session.state == .running, "\(session.detail ?? "")\n\(service.log)")
        // A viewer comes and leaves.
        let viewer = try await Viewer.connect(webSocket: try await service.display(of: id))
        await viewer.close()
        #expect(try await service.wait(for: id) { $0.state == .ended }.reason == .viewerLeft)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `a second service in the same directories is refused and harms nothing`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        _ = try await service.settled(id)
        let words = try await service.end().says
        #expect(words.contains("\(service.runtime)/up.lock") && words.contains("runtime_dir"))
        // Another worker that shares no more than the disks.
        let other = try await service.end(["runtime_dir=\(service.root)/other"]).says
        #expect(other.contains("\(service.state)/up.lock"))
        #expect(try await service.settled(id).state == .running)
        #expect(service.machineProcesses.count == 1)
        #expect(try await service.stopped(id).reason == .stopped)
        await service.shutDown()
    }

    @Test(arguments: ["power-down", "tear-down"])
    func `a service killed in a stop ends the session all the same`(place: String) async throws {
        let service = try RunningService()
        try await service.start(crashAt: place)
        let id = try await service.create()
        _ = try await service.settled(id)
        try await service.queue.stop(id)
        await service.waitForEnd()
        try await service.start()
        let session = try await service.wait(for: id) { $0.state == .ended }
        #expect(session.reason == .stopped)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `a machine goes on while its service is killed and started again`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        _ = try await service.settled(id)
        let before = service.machineProcesses
        await service.kill()
        #expect(service.machineProcesses == before)
        try await service.start()
        let session = try await service.settled(id)
        #expect(session.state == .running)
        #expect(service.machineProcesses == before)
        #expect(try await service.stopped(id).reason == .stopped)
        await service.shutDown()
    }

    @Test func `a session that was stopped while its service was down ends at the next start`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        _ = try await service.settled(id)
        await service.kill()
        try await service.queue.stop(id)
        try await service.start()
        #expect(try await service.wait(for: id) { $0.state == .ended }.reason == .stopped)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `nothing that is not ours is touched`() async throws {
        let service = try RunningService()
        try await service.start()
        await service.kill()
        let foreign = "\(service.runtime)/sessions/notes-of-the-administrator"
        try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: true)
        let orphan = SessionID(milliseconds: 1)
        try FileManager.default.createDirectory(
            atPath: "\(service.runtime)/sessions/\(orphan)", withIntermediateDirectories: true)
        let bystander = try Process.run(URL(filePath: "/usr/bin/sleep"), arguments: ["60"])
        try Data("\(bystander.processIdentifier)\n".utf8).write(
            to: URL(filePath: "\(service.runtime)/sessions/\(orphan)/pid"))
        try await service.start()
        // The first session shows that adoption is over.
        _ = try await service.settled(try await service.create())
        #expect(FileManager.default.fileExists(atPath: foreign))
        #expect(!FileManager.default.fileExists(atPath: "\(service.runtime)/sessions/\(orphan)"))
        #expect(bystander.isRunning)
        bystander.terminate()
        await service.shutDown()
    }

    @Test func `after a loss of all data a desktop lives, is taken up again by a command, and can be stopped`()
        async throws
    {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running, "\(service.log)")
        let machine = service.machineProcesses
        _ = try await service.queue.redis.send(["FLUSHALL"])
        // A worker that starts anew must not end it either.
        await service.kill()
        try await service.start()
        while try await service.queue.strays(lease: .seconds(3)).isEmpty {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(service.machineProcesses == machine)
        let (code, says) = try await service.end(of: ["host", "strays", "take", id.text])
        #expect(code == 0, "\(says)")
        let session = try await service.settled(id)
        #expect(session.state == .running && service.machineProcesses == machine)
        #expect(try await service.stopped(id).reason == .stopped)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }
}
