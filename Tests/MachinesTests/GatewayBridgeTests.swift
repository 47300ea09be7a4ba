import Certificates
@testable import Display
import Domain
import Foundation
import Glibc
import Logging
@testable import Machines
import Processes
import Synchronization
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct GatewayBridgeTests {
    private let root = "/tmp/qwd-ws-\(SessionID(milliseconds: 0).text.suffix(7))"

    private func bridge(port: Int, program: String = builtProgram) throws -> GatewayBridge {
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        try Files.makeDirectory(paths.runtime)
        return GatewayBridge(
            paths: paths, host: "127.0.0.1", port: port, publicURL: "", program: GatewayProgram(path: program),
            logger: Logger(label: "test"))
    }

    /// - Parameter isNeeded: Whether there is a display, for which the gateway stays when the bridge ends.
    private func problem(
        of bridge: GatewayBridge, isNeeded: Bool = true, until isWanted: (String?) -> Bool
    ) async -> String? {
        let display = "\(root)/r/tokens/display"
        if isNeeded {
            try? Files.makeDirectory("\(root)/r/tokens")
            try? Files.write("", to: display)
        } else {
            Files.remove(display)
        }
        return await withTaskGroup(of: Void.self) { group in
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

    /// A session's display, as QEMU makes it.
    private func makeDisplay(_ session: SessionID) throws -> Descriptor {
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s").session(session)
        try Files.makeDirectory(paths.run)
        return try UnixSocket.listen(at: paths.vnc)
    }

    private func endGateway() async {
        if let gateway = ProcessHandle(pidFile: "\(root)/r/gateway.pid", mark: "\(root)/r/tokens") {
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

    @Test func `a program that can't carry displays is told with its own words`() async throws {
        let problem = await problem(of: try bridge(port: 0, program: "/bin/ls")) { $0?.contains("as soon as") == true }
        #expect(problem?.contains("ls --help") == true, "\(problem ?? "")")
        await endGateway()
    }

    @Test func `a display is reached by its token only, and not after it was closed`() async throws {
        let bridge = try bridge(port: 0)
        let id = SessionID(milliseconds: 5)
        let display = try makeDisplay(id)
        let token = "t0ken"
        try await bridge.publish(MachineRef(id, fence: 0), token: token, oneShot: false)
        try await bridge.publish(MachineRef(id, fence: 0), token: token, oneShot: false)
        let link = "\(root)/r/tokens/\(token)"
        _ = try UnixSocket.connect(to: link)
        await bridge.withdraw(MachineRef(id, fence: 0))
        #expect(Files.names(in: "\(root)/r/tokens") == [])
        await bridge.withdraw(MachineRef(id, fence: 0))
        withExtendedLifetime(display) {}
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
                ProcessHandle(pidFile: "\(root)/r/gateway.pid", mark: "\(root)/r/tokens"))
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

    @Test func `a gateway ends with its worker if it has no display to show, and stays if it has one`() async throws {
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        Glibc.close(listener.descriptor.take())
        func gateway() -> ProcessHandle? {
            ProcessHandle(pidFile: "\(root)/r/gateway.pid", mark: "\(root)/r/tokens")
        }
        #expect(await problem(of: try bridge(port: listener.port)) { $0 == nil } == nil)
        let first = try #require(gateway())
        #expect(
            GatewayBridge.isListening(
                "127.0.0.1", listener.port, HostPaths(runtime: "\(root)/r", state: "\(root)/s")))
        let second = try bridge(port: listener.port)
        // A door to files is none: without a worker nobody is behind it.
        let door = try UnixSocket.listen(at: "\(root)/files.sock")
        try await second.publish(socket: "\(root)/files.sock", token: "files")
        #expect(await problem(of: second, isNeeded: false) { $0 == nil } == nil)
        #expect(await first.waitForEnd(limit: .seconds(5)))
        #expect(gateway() == nil && Files.names(in: "\(root)/r/tokens") == [])
        withExtendedLifetime(door) {}
        Files.remove(root)
    }

    @Test func `what is left of displays without a machine goes`() async throws {
        let bridge = try bridge(port: 0)
        let (living, gone) = (SessionID(milliseconds: 8), SessionID(milliseconds: 9))
        for id in [living, gone] {
            _ = try makeDisplay(id)
            try await bridge.publish(MachineRef(id, fence: 0), token: "common-\(id)", oneShot: false)
        }
        await bridge.withdrawAll(but: [living])
        #expect(Files.names(in: "\(root)/r/tokens") == ["common-\(living)"])
        await bridge.withdraw(MachineRef(living, fence: 0))
        Files.remove(root)
    }

    @Test func `a gateway whose process id was lost is found again`() async throws {
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        Glibc.close(listener.descriptor.take())
        let port = listener.port
        #expect(await problem(of: try bridge(port: port)) { $0 == nil } == nil)
        let pidFile = "\(root)/r/gateway.pid"
        let gateway = try #require(ProcessHandle(pidFile: pidFile, mark: "\(root)/r/tokens"))
        Files.remove(pidFile)
        #expect(await problem(of: try bridge(port: port)) { $0 == nil } == nil)
        // Its guard has the same words in its command line.
        #expect(ProcessHandle.all(mark: "\(root)/r/tokens ").map(\.pid).max() == gateway.pid)
        #expect(ProcessHandle.all(mark: "\(root)/r/tokens ").count == 2)
        _ = await gateway.kill()
        Files.remove(root)
    }

    @Test func `nothing secret is in its command line or environment, and it has few descriptors`() async throws {
        #expect(await problem(of: try bridge(port: 0)) { $0 == nil } == nil)
        let gateway = try #require(ProcessHandle(pidFile: "\(root)/r/gateway.pid", mark: "\(root)/r/tokens"))
        let token = String(repeating: "s", count: 43)
        let id = SessionID(milliseconds: 1)
        _ = try makeDisplay(id)
        try await bridge(port: 0).publish(MachineRef(id, fence: 0), token: token, oneShot: false)
        for file in ["cmdline", "environ"] {
            #expect(Files.read("/proc/\(gateway.pid)/\(file)")?.contains(token) == false)
            #expect(Files.read("/proc/\(gateway.pid)/\(file)")?.contains("QWD_") == false)
        }
        #expect(Files.names(in: "/proc/\(gateway.pid)/fd").count < 16)
        await endGateway()
    }

    // MARK: The certificate

    /// A certificate that its own key vouches for, in `<root>/<name>-chain.pem` and `<root>/<name>-key.pem`.
    private func certificate(_ name: String) throws -> CertificateFiles {
        let files = CertificateFiles(chain: "\(root)/\(name)-chain.pem", key: "\(root)/\(name)-key.pem")
        let openssl = try Process.run(
            URL(filePath: "/usr/bin/openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", files.key, "-out", files.chain,
            ])
        openssl.waitUntilExit()
        return files
    }

    @Test func `a certificate and a key that do not belong together are not taken, and told once`() async throws {
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        try Files.makeDirectory(paths.runtime)
        let (old, new) = (try certificate("old"), try certificate("new"))
        let files = CertificateFiles(chain: "\(root)/chain.pem", key: "\(root)/key.pem")
        func renew(_ place: String, by file: String) throws { try Files.write(Files.read(file) ?? "", to: place) }
        let errors = ErrorLog()
        let bridge = GatewayBridge(
            paths: paths, host: "127.0.0.1", port: 0, publicURL: "",
            program: GatewayProgram(path: builtProgram, certificate: files), logger: errors.logger)
        let copies = GatewayProgram.copies(in: paths.gatewayCertificates)
        func has(_ pair: CertificateFiles) -> Bool {
            Files.read(copies.chain) == Files.read(pair.chain) && Files.read(copies.key) == Files.read(pair.key)
        }
        // With none of before to go on with, there is no gateway, and it is said why.
        try renew(files.chain, by: old.chain)
        try renew(files.key, by: new.key)
        let error = await #expect(throws: ProcessError.self) { try await bridge.copyCertificate() }
        #expect(error?.detail.contains(files.chain) == true && error?.detail.contains(files.key) == true)
        try renew(files.key, by: old.key)
        try await bridge.copyCertificate()
        #expect(has(old))
        #expect(errors.lines == [])
        try renew(files.chain, by: new.chain)
        for _ in 0..<3 { try await bridge.copyCertificate() }
        #expect(has(old), "neither of both changes alone")
        #expect(errors.lines.count == 1)
        #expect(errors.lines.first?.contains(files.chain) == true)
        try Files.write("no certificate", to: files.chain)
        try await bridge.copyCertificate()
        Files.remove(files.chain)
        try await bridge.copyCertificate()
        #expect(has(old))
        try renew(files.chain, by: new.chain)
        try renew(files.key, by: new.key)
        try await bridge.copyCertificate()
        #expect(has(new))
        #expect(Set(Files.names(in: paths.gatewayCertificates)) == ["certificate.pem", "key.pem"])
        Files.remove(root)
    }
}

/// Keeps what is logged as an error.
private final class ErrorLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: ErrorLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.error

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
