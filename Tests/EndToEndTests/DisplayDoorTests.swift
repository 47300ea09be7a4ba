import Domain
import Foundation
import FoundationNetworking
import Processes
import Queue
import Secrets
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
            #expect(try door(of: service, display.token, origin) == status, "\(origin ?? "no origin")")
        }
        await service.shutDown()
    }

    /// The name of this host, and a port that is free where it leads to.
    private static let named: (host: String, port: Int)? = {
        var name = [CChar](repeating: 0, count: 65)
        guard gethostname(&name, 64) == 0 else { return nil }
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (try? TCPListener(host: host, port: 0)).map { (host, $0.port) }
    }()

    @Test(.enabled(if: named != nil, "the name of this host leads nowhere"))
    func `pages of a name in frontend listen open displays, as those of addresses do`() async throws {
        let (name, port) = try #require(Self.named)
        let service = try RunningService(["frontend.listen=\(name):\(port)"])
        try await service.start()
        let own = try #require(URL(string: "http://\(name):\(port)/"))
        #expect((try await URLSession.shared.data(from: own).1 as? HTTPURLResponse)?.statusCode == 200)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let id = SessionID(milliseconds: now)
        let request = SessionRequest(
            owner: "ann", machine: "grub.iso", resources: Resources(cpu: 1, memoryMiB: 256, diskGiB: 1),
            lifetimeSeconds: 600, oneShot: false)
        let secret = try ServiceSecret.existing(path: "\(service.state)/secret")
        _ = try await service.queue.enqueue(
            secret.sealed(request, for: id), limits: .none, id: id, job: JobID(milliseconds: now))
        try #require(try await service.settled(id).state == .running)
        let token = try #require(Files.names(in: "\(service.runtime)/tokens").first)
        let cases = [
            ("http://\(name):\(port)", "101"), ("http://127.0.0.1:\(port)", "101"), ("http://\(name):1", "403"),
            ("http://evil.example:\(port)", "403"),
        ]
        for (origin, status) in cases { #expect(try door(of: service, token, origin) == status, "\(origin)") }
        await service.shutDown()
    }

    @Test func `as many viewers as one display may have get in at one moment, and one more is told so`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let display = try await service.display(of: id)
        let viewers = try (0..<32).map { _ in try knock(service, display.token, nil) }
        for viewer in viewers { #expect(Self.status(viewer) == "101") }
        #expect(try door(of: service, display.token, nil) == "429")
        withExtendedLifetime(viewers) {}
        await service.shutDown()
    }

    /// What the gateway answers to an upgrade.
    private func door(of service: RunningService, _ token: String, _ origin: String?) throws -> String {
        Self.status(try knock(service, token, origin))
    }

    private static func status(_ peer: Peer) -> String { String(peer.answer().dropFirst("HTTP/1.1 ".count).prefix(3)) }

    private func knock(_ service: RunningService, _ token: String, _ origin: String?) throws -> Peer {
        let lines = [
            "GET /display HTTP/1.1", "Host: 127.0.0.1:\(service.displayPort)", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: binary, \(token)",
        ]
        let all = lines + (origin.map { ["Origin: \($0)"] } ?? []) + ["", ""]
        return try Peer.connect(port: service.displayPort, saying: all.joined(separator: "\r\n"))
    }
}
