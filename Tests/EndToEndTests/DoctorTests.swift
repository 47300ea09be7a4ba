import Foundation
import Machines
import Processes
import Testing
import TestSupport

/// `qwd doctor` on a host where no service runs.
@Suite(.timeLimit(.minutes(2)))
struct DoctorTests {
    @Test func `displays that outlive a service hold no port that somebody else has`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        _ = try await service.settled(id)
        await service.terminate()
        let found = try await service.answer(to: ["doctor"])
        #expect(found.output.contains("what the configuration names is there"), "\(found)")
        let other = try TCPListener(host: "127.0.0.1", port: 0)
        service.overrides.append("display.listen=127.0.0.1:\(other.port)")
        let taken = try await service.answer(to: ["doctor"])
        service.overrides.removeLast()
        #expect(taken.output.contains("display.listen") && taken.output.contains("taken"), "\(taken)")
        try await service.start()
        // Its folder has something in it, and is kept.
        let folder = HostPaths(runtime: service.runtime, state: service.state).exchange(id)
        try Files.write("kept", to: "\(folder.files)/a")
        _ = try await service.stopped(id)
        await service.terminate()
        #expect(Files.exists("\(folder.files)/a"))
        // Without a worker nobody is behind its door, and there is no display.
        #expect(try TCPListener(host: "127.0.0.1", port: service.displayPort).port == service.displayPort)
        await service.shutDown()
    }

    @Test func `says what boot scripts of a Windows need`() async throws {
        let root = "/tmp/qwd-doctor-\(UInt32.random(in: 0...UInt32.max))"
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/m")
        var disk = [UInt8](repeating: 0, count: 1 << 20)
        (disk[450], disk[510], disk[511]) = (7, 0x55, 0xAA)
        try Data(disk).write(to: URL(filePath: "\(root)/m/win.img"))
        try Files.write("[win.img]\ninject=firstboot\n", to: "\(root)/m/machines.conf")
        let settings = [
            "state_dir=\(root)/s", "runtime_dir=\(root)/r", "auth.methods=none", "worker.accelerator=tcg",
            "machines.directory=\(root)/m", "machines.catalogue=\(root)/m/machines.conf",
        ]
        let answer = try await answer(
            of: builtProgram, to: ["doctor"] + settings.flatMap { ["--set", $0] },
            environment: programEnvironment(runtime: "\(root)/r"))
        let line = try #require(
            answer.output.split(separator: "\n").first { $0.contains("Windows scripts") }, "\(answer)")
        let isThere = ["rhsrvany.exe", "pvvxsvc.exe"].contains { Files.exists("/usr/share/virt-tools/\($0)") }
        #expect(line.contains("win.img: boot scripts") && line.hasPrefix(isThere ? "ok" : "warn"), "\(line)")
        if !isThere { #expect(line.contains("/usr/share/virt-tools/rhsrvany.exe") && line.contains("build it")) }
    }
}
