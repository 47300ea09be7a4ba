import Domain
import Foundation
import Processes
import Testing
import Viewer

/// Strangers at the port of the displays of a real service.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct DisplayDoorTests {
    @Test func `300 half requests start nothing, keep nobody out, and leave nothing`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let display = try await service.display(of: id)
        let gateway = try #require(
            ProcessHandle(pidFile: "\(service.runtime)/gateway.pid", mark: "\(service.runtime)/tokens"))
        func descriptors() -> Int { Files.names(in: "/proc/\(gateway.pid)/fd").count }
        let processes = service.ownProcesses.count
        let before = descriptors()
        let strangers = try (0..<300).map { _ in
            try Peer.connect(port: service.displayPort, saying: "GET /vnc.html HTTP/1.1\r\nHo")
        }
        let start = ContinuousClock.now
        let viewer = try await Viewer.connect(webSocket: display)
        #expect(ContinuousClock.now - start < .seconds(1), "an honest viewer does not wait for them")
        _ = try await viewer.frame()
        #expect(service.ownProcesses.count == processes)
        await viewer.close()
        // Ten seconds for the head, two for the answer; the kernel tells nobody that descriptors were closed.
        let end = ContinuousClock.now + .seconds(15)
        while descriptors() > before, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(100)) }
        #expect(descriptors() <= before)
        withExtendedLifetime(strangers) {}
        await service.shutDown()
    }

    @Test func `pages of the public address open displays, those of others do not`() async throws {
        let service = try RunningService(["frontend.public_url=http://desk.example.org/qwd"])
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let display = try await service.display(of: id)
        let link = try await service.status(id)["connect_url"] as? String
        #expect(link == "http://desk.example.org/qwd/sessions/\(id)/display#\(display.token)")
        let cases = [
            ("http://desk.example.org", "101"), (nil, "101"), ("http://evil.example", "403"),
            ("http://127.0.0.1:\(service.httpPort)", "403"), ("null", "403"),
        ]
        for (origin, status) in cases {
            let request = [
                "GET /display HTTP/1.1", "Host: 127.0.0.1:\(service.displayPort)", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: binary, \(display.token)",
            ]
            let lines = request + (origin.map { ["Origin: \($0)"] } ?? []) + ["", ""]
            let peer = try Peer.connect(port: service.displayPort, saying: lines.joined(separator: "\r\n"))
            #expect(peer.answer().hasPrefix("HTTP/1.1 \(status) "), "\(origin ?? "no origin")")
        }
        await service.shutDown()
    }
}
