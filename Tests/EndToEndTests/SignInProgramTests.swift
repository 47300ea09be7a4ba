import Foundation
import Glibc
import Processes
import Testing

/// The program that lets people in.
@Suite(.timeLimit(.minutes(1)))
struct SignInProgramTests {
    @Test(arguments: [["up"], ["frontend"], ["config", "check"]])
    func `one that others can change is refused with the way out`(command: [String]) async throws {
        let service = try RunningService([
            "worker.hypervisor=simulated", "redis.url=unix://\(NSTemporaryDirectory())none",
        ])
        try service.askProgram()
        #expect(try await service.end(of: ["config", "check"]).code == 0)
        chmod("\(service.root)/check", 0o722)
        let (code, says) = try await service.end(of: command)
        #expect(code == 78)
        #expect(says.contains("auth.command.path: \(service.root)/check may be changed by others"), "\(says)")
        Files.remove(service.root)
    }
}
