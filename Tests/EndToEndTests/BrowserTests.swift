import Domain
import Foundation
import Glibc
import Machines
import Processes
import Testing

/// A person in Debian's Chromium, driven by `Browser/desktop.py`.
///
/// `QWDTEST_SCREENSHOTS` names a directory for the pictures it takes; `QWDTEST_DESKTOP` a disk image whose desktop is
/// opened instead of the GRUB ISO, with the root window's colour #1e6f9f.
@Suite(.timeLimit(.minutes(8)), .serialized, .enabled(if: Programs.find("chromium") != nil))
struct BrowserTests {
    private static var package: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    private func run(_ service: RunningService, _ machine: String, _ options: [String] = []) async throws {
        try await run(service, script: "desktop.py") { [service.url, service.runtime, machine, $0] + options }
    }

    /// - Parameter arguments: Those of the script, for a directory of pictures.
    private func run(
        _ service: RunningService, script: String, arguments: (_ pictures: String) -> [String]
    ) async throws {
        let environment = ProcessInfo.processInfo.environment
        let pictures = environment["QWDTEST_SCREENSHOTS"] ?? "\(service.root)/pictures"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = Self.package.appending(path: ".build/browser-venv/bin/python")
        process.arguments =
            [Self.package.appending(path: "Tests/EndToEndTests/Browser/\(script)").path] + arguments(pictures)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        let (text, status) = try await offPool {
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (text, process.terminationStatus)
        }
        #expect(status == 0, "\(text)\n\(service.log)")
    }

    @Test func `a person gets a desktop in the browser, uses it and stops it`() async throws {
        let service = try RunningService(["form.memory_gib=[0.5, 1]", "defaults.memory_gib=0.5"])
        if let image = ProcessInfo.processInfo.environment["QWDTEST_DESKTOP"] {
            try service.add(machine: "debian-desktop.qcow2", file: image, description: "Debian desktop")
            try await service.start()
            try await run(service, "debian-desktop.qcow2", ["--color", "1e6f9f"])
        } else {
            try await service.start()
            try await run(service, "grub.iso")
        }
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test(arguments: [false, true])
    func `people sign in with an app, share a desktop, and are refused what is not theirs`(tls: Bool) async throws {
        let service = try RunningService(["form.memory_gib=[0.5, 1]", "defaults.memory_gib=0.5"])
        if tls { service.overrides += try Self.certificate(in: service.root) }
        try service.askProgram()
        try await service.start()
        try await run(service, script: "sign_in.py") { [tls ? service.secureURL : service.url, $0] }
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    /// The settings for TLS with a certificate that its own key vouches for.
    /// - Parameter place: Below which its files stand.
    static func certificate(in place: String) throws -> [String] {
        let directory = "\(place)/tls-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let openssl = try Process.run(
            URL(filePath: "/usr/bin/openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(directory)/key.pem",
                "-out", "\(directory)/certificate.pem",
            ])
        openssl.waitUntilExit()
        return ["tls.certificate=\(directory)/certificate.pem", "tls.key=\(directory)/key.pem"]
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `a viewer's page opens a display, and says what keeps it from one`(host: String) async throws {
        let listener = try TCPListener(host: host, port: 0)
        Glibc.close(listener.descriptor.take())
        let service = try RunningService([
            "display.listen=\(host == "::1" ? "[\(host)]" : host):\(listener.port)"
        ])
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running, "\(service.log)")
        let link = try #require(try await service.status(id)["connect_url"] as? String)
        try await run(service, script: "viewer.py") { _ in [link, host] }
        await service.shutDown()
    }

    @Test func `text goes from clipboard to clipboard, by itself only where somebody wants it`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running, "\(service.log)")
        let link = try #require(try await service.status(id)["connect_url"] as? String)
        try await run(service, script: "clipboard.py") { [link, $0] }
        await service.shutDown()
    }

    @Test func `files come and go by the session's page, also after its end, for a while`() async throws {
        let service = try RunningService(["exchange.limit_gib=0.06", "exchange.kept=15s"])
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running, "\(service.log)")
        let folder = HostPaths(runtime: service.runtime, state: service.state).exchange(id)
        try await run(service, script: "files.py") { ["\(service.url)/sessions/\(id)", folder.files, $0] }
        _ = try await service.stopped(id)
        // A worker of after it keeps them, and removes them when their time is over.
        await service.terminate()
        #expect(Files.exists("\(folder.files)/large.bin"))
        try await service.start()
        // Its way is closed a moment after it has lost its name.
        while Files.exists(folder.directory) || !Files.names(in: "\(service.runtime)/tokens").isEmpty {
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `a page says within five seconds that its server does not answer, and stays`() async throws {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running, "\(service.log)")
        try await run(service, script: "away.py") { _ in ["\(service.url)/sessions/\(id)", "\(service.pid)"] }
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `the same works without JavaScript`() async throws {
        let service = try RunningService(["form.memory_gib=[0.5, 1]", "defaults.memory_gib=0.5"])
        try await service.start()
        try await run(service, "grub.iso", ["--without-script"])
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }
}
