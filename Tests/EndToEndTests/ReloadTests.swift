import Domain
import Foundation
import Processes
import Testing

/// A service as systemd keeps one: it says how it is, and takes a changed configuration.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ReloadTests {
    /// What systemd would hear.
    private final class Manager: @unchecked Sendable {
        // Proof: the socket is only read, by one thread at a time.
        let path: String
        private let socket: Descriptor

        init(_ path: String) throws {
            self.path = path
            socket = Descriptor(Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket.number, $0, length) }
            }
            try #require(result == 0)
        }

        /// Waits for a message with these words in it; forgets those before.
        /// - Parameter wrong: What must not come before.
        func hear(_ words: String, without wrong: String? = nil) async throws -> String {
            try await offPool {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = recv(self.socket.number, &buffer, buffer.count, 0)
                    try #require(count > 0)
                    let text = String(decoding: buffer[..<count], as: UTF8.self)
                    if let wrong { try #require(!text.contains(wrong)) }
                    if text.contains(words) { return text }
                }
            }
        }
    }

    private func start(_ service: RunningService) async throws -> Manager {
        let manager = try Manager("\(service.root)/notify")
        try await service.start(variables: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "2000000"])
        return manager
    }

    @Test func `a changed configuration is taken by the same process, and machines live on`() async throws {
        let service = try RunningService()
        let file = "\(service.root)/qwd.yaml"
        try Files.write("form: { cpu: [1] }\n", to: file)
        service.config = file
        let manager = try await start(service)
        _ = try await manager.hear("READY=1")
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let machine = try #require(Files.read("\(service.runtime)/sessions/\(id)/pid"))
        let pid = service.pid

        // The same once more is no change.
        kill(pid, SIGHUP)
        #expect(try await manager.hear("RELOADING=1").contains("MONOTONIC_USEC="))
        _ = try await manager.hear("READY=1")

        // A wrong one is not taken, and systemd and the log say why.
        try Files.write("form: { cpu: [1] }\nlimitz: {}\n", to: file)
        kill(pid, SIGHUP)
        let refusal = try await manager.hear("not taken")
        #expect(refusal.contains("READY=1") && refusal.contains("limitz") && refusal.contains("qwd.yaml:2"))
        #expect(try await service.get("/").contains("cpu"))
        // So is one that can be read and can't be started with.
        try Files.write("form: { cpu: [1] }\ntls: { certificate: /none.pem, key: /none.pem }\n", to: file)
        kill(pid, SIGHUP)
        #expect(try await manager.hear("not taken").contains("/none.pem"))
        #expect(try await service.get("/").contains("cpu"))

        try Files.write("form: { cpu: [1, 3] }\n", to: file)
        kill(pid, SIGHUP)
        // systemd takes a service that says that it stops for one that is to be gone soon.
        _ = try await manager.hear("RELOADING=1", without: "STOPPING=1")
        _ = try await manager.hear("READY=1", without: "STOPPING=1")
        #expect(service.pid == pid && Files.read("\(service.runtime)/sessions/\(id)/pid") == machine)
        #expect(try await service.get("/").contains("value=\"3\""))
        let session = try await service.wait(for: id) { $0.state == .running && $0.displayReady }
        #expect(session.id == id)
        // It listens to the signal again. What was connected to the machine that was taken over is not any more.
        try Files.write("form: { cpu: [1, 4] }\n", to: file)
        kill(pid, SIGHUP)
        _ = try await manager.hear("RELOADING=1")
        _ = try await manager.hear("READY=1")
        _ = try await manager.hear("WATCHDOG=1")
        try await service.wait(for: id) { $0.state == .running && $0.displayReady && $0.detail == nil }
        while service.log.ranges(of: "worker takes jobs").count < 3 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(!service.log.contains("machine does not answer"))
        kill(pid, SIGHUP)
        _ = try await manager.hear("READY=1")
        await service.shutDown()
        _ = try await manager.hear("STOPPING=1")
    }

    @Test func `a reload that follows another at whatever moment is not lost`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        let file = "\(service.root)/qwd.yaml"
        try Files.write("form: { cpu: [1] }\n", to: file)
        service.config = file
        try await service.start()
        for turn in 1...8 {
            try Files.write("form: { cpu: [1, 2] }\n", to: file)
            kill(service.pid, SIGHUP)
            // While the service ends, begins anew, reads its configuration, and has not listened yet.
            try await Task.sleep(for: .milliseconds(40 * turn))
            try Files.write("form: { cpu: [1, \(3 + turn % 2)] }\n", to: file)
            kill(service.pid, SIGHUP)
            while (try? await service.get("/").contains("value=\"\(3 + turn % 2)\"")) != true {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        await service.shutDown()
    }

    @Test func `a role says whether it works, and why it does not`() async throws {
        let service = try RunningService()
        let before = try await service.answer(to: ["health"])
        #expect(before.code == 69 && before.errors.contains("No pages at 127.0.0.1"))
        try await service.start()
        for role in ["frontend", "worker", "scheduler"] {
            let answer = try await service.answer(to: ["health", role])
            #expect(answer.code == 0 && answer.output == "ok\n", "\(role): \(answer)")
        }
        kill(service.pid, SIGKILL)
        let after = try await service.answer(to: ["health", "frontend"])
        #expect(after.code == 69)
        // Its Redis lives on, and is ended by who takes it up again.
        try await service.start()
        await service.shutDown()
    }
}
