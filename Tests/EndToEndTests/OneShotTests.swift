import Domain
import Foundation
import FoundationNetworking
import Processes
import Testing
import Viewer

/// Sessions that end with their viewer: by whom, and by whom not.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct OneShotTests {
    private static let grace = Duration.seconds(2)

    private func running() async throws -> (service: RunningService, id: SessionID, display: DisplayAddress) {
        let service = try RunningService(["display.one_shot_grace=2s"])
        try await service.start()
        let id = try await service.create(["oneshot": "1"])
        let session = try await service.settled(id)
        try #require(session.state == .running, "\(session.detail ?? "")\n\(service.log)")
        return (service, id, try await service.display(of: id))
    }

    private func look(at display: DisplayAddress) async throws -> Viewer {
        let viewer = try await Viewer.connect(webSocket: display)
        _ = try await viewer.frame()
        return viewer
    }

    private func expectEnd(_ service: RunningService, _ id: SessionID) async throws {
        #expect(try await service.wait(for: id) { $0.state == .ended }.reason == .viewerLeft)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `a viewer may load the page again, and the session ends when nobody comes back`() async throws {
        let (service, id, display) = try await running()
        for _ in 0..<3 { await (try await look(at: display)).close() }
        let viewer = try await look(at: display)
        // Longer than the grace of each that has left.
        try await Task.sleep(for: Self.grace * 1.5)
        #expect(try await service.settled(id).state == .running)
        let left = ContinuousClock.now
        await viewer.close()
        #expect(try await service.wait(for: id) { $0.state == .ended }.reason == .viewerLeft)
        #expect(ContinuousClock.now - left >= Self.grace)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `who has no token neither ends nor blocks it`() async throws {
        let (service, id, display) = try await running()
        let silent = try (0..<10).map { _ in try Peer.connect(port: service.displayPort) }
        let half = try Peer.connect(port: service.displayPort, saying: "G")
        var wrong = display
        wrong.token = String(repeating: "a", count: 43)
        await #expect(throws: ViewerError.self) { try await Viewer.connect(webSocket: wrong) }
        _ = try Peer.connect(port: service.displayPort, saying: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let start = ContinuousClock.now
        let viewer = try await look(at: display)
        #expect(ContinuousClock.now - start < .seconds(5))
        withExtendedLifetime((silent, half)) {}
        // They have left, and the owner has not.
        try await Task.sleep(for: Self.grace * 1.5)
        #expect(try await service.settled(id).state == .running)
        _ = try await viewer.frame()
        await viewer.close()
        try await expectEnd(service, id)
    }

    @Test func `who has no token and leaves before the owner came ends nothing`() async throws {
        let (service, id, display) = try await running()
        let host = "Host: 127.0.0.1:\(service.displayPort)"
        let upgrade = [
            "GET /display HTTP/1.1", host, "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ]
        for text in ["", "G", "GET /display HTTP/1.1\r\n\(host)\r\n", (upgrade + [""]).joined(separator: "\r\n")] {
            _ = try Peer.connect(port: service.displayPort, saying: text)
        }
        for token in [String(repeating: "a", count: 43), String(display.token.dropLast()), "../sessions", ""] {
            let lines = upgrade + ["Sec-WebSocket-Protocol: binary, \(token)", "", ""]
            let peer = try Peer.connect(port: service.displayPort, saying: lines.joined(separator: "\r\n"))
            let answer = peer.answer()
            #expect(answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
        }
        try await Task.sleep(for: Self.grace * 1.5)
        #expect(try await service.settled(id).state == .running)
        let viewer = try await look(at: display)
        await viewer.close()
        try await expectEnd(service, id)
    }

    @Test func `nobody has to look, and a viewer outlives its service`() async throws {
        let (service, id, display) = try await running()
        await service.kill()
        try await service.start()
        try await Task.sleep(for: Self.grace * 1.5)
        #expect(try await service.settled(id).state == .running, "it never had a viewer")
        let viewer = try await look(at: display)
        await service.kill()
        try await service.start()
        try await Task.sleep(for: Self.grace * 1.5)
        #expect(try await service.settled(id).state == .running)
        _ = try await viewer.frame()
        await viewer.close()
        try await expectEnd(service, id)
    }

    @Test func `a viewer that left while the service was down is waited for, and then it ends`() async throws {
        let (service, id, display) = try await running()
        let viewer = try await look(at: display)
        await service.kill()
        await viewer.close()
        try await service.start()
        try await expectEnd(service, id)
    }

    @Test func `a stop ends every viewer, and the token`() async throws {
        let (service, id, display) = try await running()
        let viewers = [try await look(at: display), try await look(at: display)]
        let start = ContinuousClock.now
        #expect(try await service.stopped(id).reason == .stopped)
        for viewer in viewers {
            let error = await #expect(throws: ViewerError.self) { while true { _ = try await viewer.nextChange() } }
            #expect(error?.code == .closed)
        }
        #expect(ContinuousClock.now - start < .seconds(3))
        let error = await #expect(throws: ViewerError.self) { try await Viewer.connect(webSocket: display) }
        #expect(error?.code == .refused)
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }
}
