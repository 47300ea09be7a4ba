import Domain
import Foundation
import Processes
import Queue
import Testing
import TestSupport

/// What breaks around a service: disks, ports, programs, Redis. It says what is wrong, goes on by itself when that is
/// mended, and machines that run stay.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct FaultTests {
    /// A guest that writes to one cluster of its disk after the other, so that its overlay grows, then halts.
    ///
    ///     xor ax, ax;  mov ds, ax;  mov si, packet
    ///     again: mov ax, 0x4300;  int 0x13;  jc end;  add dword [packet + 8], 128;  jmp again
    ///     end: hlt;  jmp end
    ///     packet: a sector from 0x7c00, to the sector that the last 8 bytes say
    private static let writer: [UInt8] = [
        0x31, 0xC0, 0x8E, 0xD8, 0xBE, 0x1E, 0x7C, 0xB8, 0x00, 0x43, 0xCD, 0x13, 0x72, 0x0C, 0x66, 0x81, 0x06, 0x26,
        0x7C, 0x80, 0x00, 0x00, 0x00, 0xEB, 0xEE, 0x90, 0xF4, 0xEB, 0xFD, 0x90,
        0x10, 0x00, 0x01, 0x00, 0x00, 0x7C, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ]

    private func writingDisk(_ service: RunningService) throws {
        var sector = [UInt8](repeating: 0, count: 512)
        sector.replaceSubrange(0..<Self.writer.count, with: Self.writer)
        sector.replaceSubrange(510..<512, with: [0x55, 0xAA])
        let path = "\(service.root)/writer"
        try Data(sector).write(to: URL(filePath: path))
        #expect(truncate(path, 64 << 20) == 0)
        try service.add(machine: "writer.raw", file: path, description: "Writes to its disk")
    }

    private func running(_ overrides: [String] = []) async throws -> (RunningService, SessionID) {
        let service = try RunningService(overrides)
        try await service.start()
        let id = try await service.create()
        let session = try await service.settled(id)
        try #require(session.state == .running, "\(session.detail ?? "")\n\(service.log)")
        return (service, id)
    }

    private func expectStillUsable(_ service: RunningService, _ id: SessionID) async throws {
        let session = try await service.settled(id)
        #expect(session.state == .running, "\(session.detail ?? "")")
        #expect(service.machineProcesses.count == 1)
        #expect(try await service.settled(try await service.create()).state == .running)
        #expect(try await service.stopped(id).reason == .stopped)
        await service.shutDown()
    }

    // MARK: Disk

    /// For disks that are smaller than any that a session asks for.
    private static let uncounted = ["worker.disk_overcommit=0", "worker.disk_reserve_gib=0"]

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `a host whose disk is nearly full takes no new session, and its page says so`() async throws {
        let service = try RunningService([Self.uncounted[0]])
        let disk = try SmallDisk(at: "\(service.state)/sessions", kibibytes: 128 << 10)
        try await service.start()
        let id = try await service.create()
        #expect(try await service.page(id).contains("whose disk is nearly full"))
        #expect(try await service.queue.session(id)?.attempt == 0)
        #expect(try await service.stopped(id).reason == .cancelled)
        await service.shutDown(keeping: disk)
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `a full disk makes a new session wait and tells why, and it starts when there is space`() async throws {
        let service = try RunningService(Self.uncounted)
        let disk = try SmallDisk(at: "\(service.state)/sessions", kibibytes: 512)
        try Data(repeating: 0, count: 400 << 10).write(to: URL(filePath: "\(disk.path)/ballast"))
        try await service.start()
        let id = try await service.create()
        let waiting = try await service.wait(for: id) { $0.detail != nil }
        #expect(waiting.detail?.contains("No space left in \(disk.path)") == true)
        #expect(try await service.page(id).contains("No space left"))
        try FileManager.default.removeItem(atPath: "\(disk.path)/ballast")
        let session = try await service.settled(id)
        #expect(session.state == .running, "\(session.detail ?? "")")
        #expect(try await service.stopped(id).reason == .stopped)
        #expect(try await service.leftovers() == [])
        await service.shutDown(keeping: disk)
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `a machine whose disk can't grow pauses, says so, and goes on when there is space`() async throws {
        let service = try RunningService(Self.uncounted)
        try writingDisk(service)
        let disk = try SmallDisk(at: "\(service.state)/sessions", kibibytes: 2048)
        try await service.start()
        let id = try await service.create(["machine": "writer.raw"])
        let paused = try await service.wait(for: id) { $0.displayReady && $0.detail != nil }
        #expect(paused.state == .running)
        #expect(paused.detail?.contains("disk is full") == true)
        try disk.grow(kibibytes: 128 << 10)
        let session = try await service.wait(for: id) { $0.detail == nil }
        #expect(session.state == .running)
        let door = try QMPDoor("\(service.runtime)/sessions/\(id)/monitor.sock")
        #expect(try door.ask("query-status").contains("\"running\": true"))
        #expect(try await service.stopped(id).reason == .stopped)
        await service.shutDown(keeping: disk)
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `guests that fill the disk of everything stand still, and each can be stopped, ten times`() async throws {
        // Redis, the ledger and the overlays on one disk of 64 MiB.
        let service = try RunningService(Self.uncounted)
        try writingDisk(service)
        let disk = try SmallDisk(at: service.state, kibibytes: 64 << 10)
        try await service.start()
        for round in 0..<10 {
            // The same form again where an answer was lost makes no second session.
            let ids = [
                try await calmly(service) {
                    try await service.create(["machine": "writer.raw", "nonce": "writer-\(round)-of-ten"])
                },
                try await calmly(service) { try await service.create(["nonce": "other-\(round)-of-ten"]) },
            ]
            let paused = try await calmly(service) {
                try await service.wait(for: ids[0]) { $0.displayReady && $0.detail != nil }
            }
            #expect(paused.state == .running && paused.detail?.contains("disk is full") == true)
            while try await !service.page(ids[0]).contains("a session that is stopped gives some") {
                try await Task.sleep(for: .milliseconds(50))
            }
            // Its end gives the room back, and what else was paused goes on.
            #expect(try await calmly(service) { try await service.stopped(ids[0]) }.reason == .stopped)
            let other = try await calmly(service) {
                try await service.wait(for: ids[1]) { $0.displayReady && $0.detail == nil }
            }
            #expect(other.state == .running)
            #expect(try await calmly(service) { try await service.stopped(ids[1]) }.reason == .stopped)
        }
        #expect(try await service.leftovers() == [])
        await service.shutDown(keeping: disk)
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `a disk that somebody else fills to its last byte stops no stop`() async throws {
        let service = try RunningService(Self.uncounted)
        let disk = try SmallDisk(at: service.state, kibibytes: 64 << 10)
        try await service.start()
        let id = try await service.create()
        try await service.wait(for: id) { $0.displayReady }
        // Redis takes its ballast back only while there is room.
        while Files.size("\(service.state)/redis/ballast") == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(throws: ProcessError.self) { try Files.reserve("\(disk.path)/foreign", bytes: 256 << 20) }
        let filler = open("\(disk.path)/foreign", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(filler, block, block.count) > 0 {}
        close(filler)
        #expect(try await calmly(service) { try await service.stopped(id) }.reason == .stopped)
        // By its ballast, or by what was left of the last block of its log.
        unlink("\(disk.path)/foreign")
        while Files.size("\(service.state)/redis/ballast") == 0 { try await Task.sleep(for: .milliseconds(20)) }
        let next = try await calmly(service) { try await service.create(["nonce": "after-the-full-disk"]) }
        #expect(try await service.settled(next).state == .running)
        await service.shutDown(keeping: disk)
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a small file system, which needs root"))
    func `a Redis of systemd's has a ballast too, where its data is ours`() async throws {
        var disk: SmallDisk?
        let server = try await RedisServer.start(
            appendOnly: true, prepare: { disk = try SmallDisk(at: $0, kibibytes: 64 << 10) })
        let service = try RunningService(Self.uncounted + ["redis.url=unix://\(server.socket)"])
        for directory in [service.state, service.runtime] { try Files.makeDirectory(directory) }
        try Files.link("\(service.state)/redis", to: server.directory)
        // Where this test looks for the queue.
        try Files.link("\(service.runtime)/redis.sock", to: server.socket)
        try await service.start()
        let id = try await service.create()
        try await service.wait(for: id) { $0.displayReady }
        let ballast = "\(server.directory)/ballast"
        while Files.size(ballast) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        let filler = open("\(server.directory)/foreign", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(filler, block, block.count) > 0 {}
        close(filler)
        while Files.exists(ballast) { try await Task.sleep(for: .milliseconds(20)) }
        // It ends where it could not write, and systemd starts it again.
        try await server.restart()
        #expect(try await calmly(service) { try await service.stopped(id) }.reason == .stopped)
        unlink("\(server.directory)/foreign")
        while Files.size(ballast) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        await service.shutDown()
        await server.stop()
        disk?.unmount()
    }

    /// Does something again until Redis does not end under it: on a disk of 64 MiB in memory a guest is faster than whoever looks
    /// after the room, and Redis is started again with its ballast.
    private func calmly<Value>(_ service: RunningService, _ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<50 {
            if let value = try? await body() { return value }
            try await service.redisAnswers()
        }
        return try await body()
    }

    // MARK: Machines

    @Test func `a machine's file that is gone or broken ends the session with its name`() async throws {
        // The host offers its machines again after a third of a lease: until then it offers what is gone or broken.
        let service = try RunningService(["scheduler.lease=60s"])
        let file = "\(service.root)/broken.qcow2"
        let maker = try Process.run(
            URL(filePath: "/usr/bin/qemu-img"), arguments: ["create", "-q", "-f", "qcow2", file, "1M"])
        try await offPool { maker.waitUntilExit() }
        try service.add(machine: "broken.qcow2", file: file, description: "Broken")
        try await service.start()
        while try await !service.queue.machines().contains(where: { $0.name == "broken.qcow2" }) {}
        // Good when it was offered, it asks for a feature that nobody knows now (docs/interop/qcow2.txt: byte 72).
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.seek(toOffset: 72)
        try handle.write(contentsOf: Data([0x80]))
        try handle.close()
        let session = try await service.settled(try await service.create(["machine": "broken.qcow2"]))
        #expect(session.reason == .failed)
        #expect(session.detail?.contains("broken.qcow2") == true, "\(session.detail ?? "")")
        #expect(session.attempt == 1)

        try FileManager.default.removeItem(atPath: "\(service.machines)/grub.iso")
        let missing = try await service.settled(try await service.create())
        #expect(missing.reason == .failed)
        #expect(missing.detail?.contains("grub.iso") == true)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    // MARK: Programs

    @Test(arguments: ["bwrap", "pasta"])
    func `where guests can't be shut in no machine runs, and the host says what to do`(program: String) async throws {
        let service = try RunningService()
        try await service.start(path: try service.pathWithout(program))
        let id = try await service.create()
        try await service.hostSays {
            $0.contains("\(program) is not installed") && $0.contains("apt-get install")
        }
        #expect(try await service.queue.session(id)?.state == .queued)
        #expect(service.machineProcesses == [])
        await service.kill()
        try await service.start()
        #expect(try await service.settled(id).state == .running)
        await service.shutDown()
    }

    @Test(arguments: ["passt", "qemu-img"])
    func `a program that is not installed is named with the way out`(program: String) async throws {
        let service = try RunningService()
        try await service.start(path: try service.pathWithout(program))
        let session = try await service.settled(try await service.create())
        #expect(session.reason == .failed)
        #expect(session.detail?.contains("\(program) is not installed") == true, "\(session.detail ?? "")")
        #expect(session.detail?.contains("apt-get install") == true)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test(arguments: ["qemu-system-x86_64", "redis-server"])
    func `a service that can't work without a program says so at its start`(program: String) async throws {
        let service = try RunningService()
        let error = await #expect(throws: RunningService.Failure.self) {
            try await service.start(path: try service.pathWithout(program))
        }
        #expect(error?.description.contains("\(program) is not installed") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("apt-get install") == true)
        await service.shutDown()
    }

    @Test func `a network helper that can't run here is the session's trouble, and over when it can`() async throws {
        let service = try RunningService()
        let path = try service.pathWithout("passt")
        let program = "\(path)/passt"
        try Data("#!/bin/sh\necho 'no user namespaces here' >&2\nexit 1\n".utf8).write(to: URL(filePath: program))
        chmod(program, 0o755)
        try await service.start(path: path)
        let id = try await service.create()
        let session = try await service.wait(for: id) {
            $0.displayReady && $0.detail?.contains("network is off") == true
        }
        #expect(session.state == .running)
        #expect(session.detail?.contains("no user namespaces here") == true, "\(session.detail ?? "")")
        // One helper with each heartbeat, and not as many as the processor can start.
        let tries = (Files.read("\(service.state)/sessions/\(id)/passt.log") ?? "").split(separator: "\n").count
        #expect(tries < 10, "\(tries)")
        // The next worker knows it too.
        await service.kill()
        try await service.start(path: path)
        #expect(try await service.settled(id).detail?.contains("network is off") == true)
        try FileManager.default.removeItem(atPath: program)
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/usr/bin/passt")
        try await service.wait(for: id) { $0.detail == nil }
        #expect(try await service.stopped(id).reason == .stopped)
        await service.shutDown()
    }

    @Test func `a display gateway that can't listen makes sessions wait and says why`() async throws {
        let service = try RunningService()
        let occupant = try TCPListener(host: "127.0.0.1", port: service.displayPort)
        try await service.start()
        let id = try await service.create()
        try await service.hostSays { $0.contains("\(service.displayPort)") && $0.contains("display.listen") }
        #expect(try await service.page(id).contains("display.listen"))
        close(occupant.descriptor.take())
        #expect(try await service.settled(id).state == .running)
        await service.shutDown()
    }

    @Test func `a display gateway that is killed is started again, and the same link works`() async throws {
        let (service, id) = try await running()
        let link = try await service.status(id)["connect_url"] as? String
        let mark = "--tokens \(service.runtime)/tokens "
        let gateway = try #require(ProcessHandle(pidFile: "\(service.runtime)/gateway.pid", mark: mark))
        #expect(await gateway.kill())
        // The first new session is taken only when there is a gateway again.
        #expect(try await service.settled(try await service.create()).state == .running)
        let next = try #require(ProcessHandle(pidFile: "\(service.runtime)/gateway.pid", mark: mark))
        #expect(next.pid != gateway.pid)
        #expect(try await service.status(id)["connect_url"] as? String == link)
        await service.shutDown()
    }

    @Test(.enabled(if: geteuid() == 0, "finds the passt of its machine, which needs root"))
    func `passt that is killed is replaced while the machine runs`() async throws {
        let (service, id) = try await running()
        let door = try QMPDoor("\(service.runtime)/sessions/\(id)/monitor.sock")
        let first = try #require(service.networkHelpers.first)
        kill(first, SIGKILL)
        try door.waitForEvent("NETDEV_STREAM_CONNECTED")
        // QEMU is connected a moment before the program that gets the connection runs, and that tells nobody.
        while service.networkHelpers.allSatisfy({ $0 == first }) { try await Task.sleep(for: .milliseconds(10)) }
        try await expectStillUsable(service, id)
    }

    // MARK: Redis

    @Test func `a Redis that is killed comes back with all it knew, and machines stay`() async throws {
        let (service, id) = try await running()
        let redis = try #require(ProcessHandle(pidFile: "\(service.runtime)/redis.pid", mark: service.runtime))
        #expect(await redis.kill())
        try await service.redisAnswers()
        try await expectStillUsable(service, id)
    }

    @Test func `a Redis that stands still for many leases changes nothing`() async throws {
        let (service, id) = try await running(["scheduler.lease=1s"])
        let redis = try #require(ProcessHandle(pidFile: "\(service.runtime)/redis.pid", mark: service.runtime))
        redis.signal(SIGSTOP)
        // An outage is a length of time: there is no event that could end it earlier.
        try await Task.sleep(for: .seconds(6))
        redis.signal(SIGCONT)
        let events = try await service.queue.events(of: id)
        #expect(!events.contains { $0.state == .ended || $0.state == .lost })
        try await expectStillUsable(service, id)
    }
}
