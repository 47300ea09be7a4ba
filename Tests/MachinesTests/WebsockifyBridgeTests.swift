import Domain
import Foundation
import Logging
import Processes
import Testing

@testable import Machines

@Suite(.timeLimit(.minutes(1)), .serialized, .enabled(if: Programs.find("websockify") != nil))
struct WebsockifyBridgeTests {
    private let root = "/tmp/qwd-ws-\(SessionID(milliseconds: 0).text.suffix(7))"

    private func bridge(port: Int, web: String = "/usr/share/novnc") throws -> WebsockifyBridge {
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        try Files.makeDirectory(paths.runtime)
        return WebsockifyBridge(
            paths: paths, host: "127.0.0.1", port: port, publicURL: "", web: web, logger: Logger(label: "test"))
    }

    private func problem(of bridge: WebsockifyBridge, until isWanted: (String?) -> Bool) async -> String? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bridge.run() }
            var problem = await bridge.problem
            while !isWanted(problem) {
                await Task.yield()
                problem = await bridge.problem
            }
            group.cancelAll()
            return problem
        }
    }

    private func endGateway() async {
        if let gateway = ProcessHandle(pidFile: "\(root)/r/websockify.pid", mark: "\(root)/r/tokens") {
            _ = await gateway.kill()
        }
        Files.remove(root)
    }

    @Test func `a taken port is named with the way out, and no problem once it is free`() async throws {
        let occupant = try TCPListener(host: "127.0.0.1", port: 0)
        let bridge = try bridge(port: occupant.port)
        let problem = await problem(of: bridge) { $0?.contains("taken") == true }
        #expect(problem?.contains("\(occupant.port)") == true)
        #expect(problem?.contains("display.listen") == true)
        Glibc.close(occupant.descriptor.take())
        #expect(await self.problem(of: bridge) { $0 == nil } == nil)
        await endGateway()
    }

    @Test func `a missing noVNC is named with the way out`() async throws {
        let problem = await problem(of: try bridge(port: 0, web: "\(root)/nowhere")) { $0?.contains("noVNC") == true }
        #expect(problem?.contains("apt-get install novnc") == true)
        await endGateway()
    }

    @Test func `a display is reached by its token only, and not after it was closed`() async throws {
        let bridge = try bridge(port: 0)
        let id = SessionID(milliseconds: 5)
        let token = "t0ken"
        _ = try await bridge.open(id, token: token, oneShot: false)
        _ = try await bridge.open(id, token: token, oneShot: false)
        let link = "\(root)/r/tokens/\(token)"
        #expect(Files.target(of: link) == "\(root)/r/sessions/\(id)/vm/vnc.sock")
        await bridge.close(id, fence: 0)
        #expect(Files.target(of: link) == nil)
        await bridge.close(id, fence: 0)
        Files.remove(root)
    }

    @Test func `a one-shot session has a gateway of its own, on a port of its own`() async throws {
        let bridge = try bridge(port: 0)
        let first = SessionID(milliseconds: 6)
        let second = SessionID(milliseconds: 7)
        let ports = [
            try await bridge.open(first, token: "a", oneShot: true),
            try await bridge.open(second, token: "b", oneShot: true),
        ].compactMap(\.self)
        #expect(Set(ports).count == 2)
        #expect(await bridge.isOpen(first, oneShot: true))
        await bridge.close(first, fence: 0)
        #expect(await !bridge.isOpen(first, oneShot: true))
        #expect(await bridge.isOpen(second, oneShot: true))
        await bridge.close(second, fence: 0)
        Files.remove(root)
    }

    @Test func `a gateway of an earlier configuration is replaced, one of the same stays`() async throws {
        let ports = try (0..<2).map { _ in
            let listener = try TCPListener(host: "127.0.0.1", port: 0)
            Glibc.close(listener.descriptor.take())
            return listener.port
        }
        var gateways: [Int32] = []
        for port in [ports[0], ports[0], ports[1]] {
            #expect(await problem(of: try bridge(port: port)) { $0 == nil } == nil)
            let gateway = try #require(
                ProcessHandle(pidFile: "\(root)/r/websockify.pid", mark: "\(root)/r/tokens"))
            gateways.append(gateway.pid)
        }
        #expect(gateways[0] == gateways[1] && gateways[1] != gateways[2])
        // The first port is free again, the second is not.
        let first = try TCPListener(host: "127.0.0.1", port: ports[0])
        Glibc.close(first.descriptor.take())
        let second = try? TCPListener(host: "127.0.0.1", port: ports[1])
        #expect(second == nil)
        await endGateway()
    }

    @Test func `what is left of displays without a machine goes`() async throws {
        let bridge = try bridge(port: 0)
        let (living, gone) = (SessionID(milliseconds: 8), SessionID(milliseconds: 9))
        for id in [living, gone] {
            _ = try await bridge.open(id, token: "common-\(id)", oneShot: false)
            _ = try await bridge.open(id, token: "own-\(id)", oneShot: true)
        }
        await bridge.closeAll(but: [living])
        #expect(Files.names(in: "\(root)/r/tokens") == ["common-\(living)"])
        #expect(Files.names(in: "\(root)/r/gateways") == [living.text])
        #expect(await bridge.isOpen(living, oneShot: true))
        #expect(await !bridge.isOpen(gone, oneShot: true))
        await bridge.close(living, fence: 0)
        Files.remove(root)
    }

    @Test func `a gateway that is gone is replaced though its viewers' processes keep its socket`() async throws {
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        Glibc.close(listener.descriptor.take())
        let port = listener.port
        #expect(await problem(of: try bridge(port: port)) { $0 == nil } == nil)
        let pidFile = "\(root)/r/websockify.pid"
        let gateway = try #require(ProcessHandle(pidFile: pidFile, mark: "\(root)/r/tokens"))
        // A viewer that says nothing yet has a process of its own.
        let viewer = try connect(port: port)
        while ProcessHandle.all(mark: "\(root)/r/tokens ").count < 2 { await Task.yield() }
        #expect(await gateway.kill())
        #expect(await problem(of: try bridge(port: port)) { $0 == nil } == nil)
        let next = try #require(ProcessHandle(pidFile: pidFile, mark: "\(root)/r/tokens"))
        #expect(next.pid != gateway.pid && next.leadsSession)
        #expect(ProcessHandle.all(mark: "\(root)/r/tokens ").map(\.pid) == [next.pid])
        Glibc.close(viewer)
        await endGateway()
    }

    private func connect(port: Int) throws -> CInt {
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        return number
    }
}
