import Domain
import ImageStore
import Machines
import Processes
import TestSupport
import Testing
@testable import Worker

/// Boot scripts from a real web server.
@Suite(.timeLimit(.minutes(2)), .serialized)
final class BootScriptDownloadTests {
    private let directory = "/tmp/qwd-script-\(UInt32.random(in: 0...UInt32.max))"

    init() throws { try Files.makeDirectory(directory) }

    deinit { Files.remove(directory) }

    private func text(
        _ url: String, urls: [String] = [], isAdministrators: Bool = true, most: Int = 100
    ) async throws -> String {
        defer {
            // Nothing is left, whatever came of it.
            #expect(Files.names(in: directory).isEmpty)
        }
        let sources = BootScriptSources(urls: urls, directory: directory, mostBytes: most)
        return try await BootScriptDownload(url, sources: sources, isAdministrators: isAdministrators).text()
    }

    private func problem(_ url: String, urls: [String] = [], isAdministrators: Bool = true) async -> String {
        do {
            return "came: " + (try await text(url, urls: urls, isAdministrators: isAdministrators))
        } catch {
            return (error as? MachineError)?.detail ?? "\(error)"
        }
    }

    @Test func `come from an administrator's server in a network of the house`() async throws {
        let server = try TextServer { $0 == "/a?key=1" ? .text("echo here\n") : .status(404) }
        let host = "http://127.0.0.1:\(server.port)"
        #expect(try await text("\(host)/a?key=1") == "echo here\n")
        let refused = await problem("\(host)/b?key=secret")
        #expect(refused.contains("404") && refused.contains("\(host)/b") && !refused.contains("secret"))
        server.end()
    }

    @Test func `a server that fails is asked five times`() async throws {
        let server = try TextServer { $0 == "/busy" ? .status(503) : .nothing }
        for path in ["busy", "gone"] {
            let before = server.requests
            #expect(await problem("http://127.0.0.1:\(server.port)/\(path)").contains("5 tries"))
            #expect(server.requests - before == 5)
        }
        server.end()
    }

    @Test func `what is too long or never ends is broken off`() async throws {
        let server = try TextServer { $0 == "/drip" ? .endless : .text(String(repeating: "x", count: 101)) }
        #expect(await problem("http://127.0.0.1:\(server.port)/long").contains("more than 100 bytes"))
        let start = ContinuousClock.now
        #expect(await problem("http://127.0.0.1:\(server.port)/drip").contains("can't be had"))
        #expect(start.duration(to: .now) < .seconds(60))
        server.end()
    }

    @Test func `what comes bit by bit has five tries all the same`() async throws {
        let server = try TextServer { _ in .bits("a text that never comes as a whole") }
        #expect(await problem("http://127.0.0.1:\(server.port)/bits").contains("5 tries"))
        #expect(server.requests == 5)
        server.end()
    }

    @Test func `this host's own networks are no public ones`() throws {
        let own = OwnNetworks()
        #expect(own.contain(try #require(ClientAddress("127.0.0.1"))))
        #expect(!own.contain(try #require(ClientAddress("203.0.113.9"))))
    }

    @Test func `of a person's own none comes from here, by address, by name or by redirect`() async throws {
        let server = try TextServer { _ in .text("echo secret\n") }
        for host in ["127.0.0.1", "localhost", "127.1.2.3", "[::ffff:127.0.0.1]"] {
            let url = "http://\(host):\(server.port)"
            let answer = await problem("\(url)/a", urls: [url], isAdministrators: false)
            #expect(answer.contains("may not be asked"), "\(host): \(answer)")
        }
        #expect(server.requests == 0)
        server.end()
    }

    @Test func `a redirect is followed to what may be asked, and nowhere else`() async throws {
        let port = Port()
        let server = try TextServer { path in
            switch path {
            case "/in": .redirect("http://127.0.0.1:\(port.number)/text")
            case "/out": .redirect("http://127.0.0.2:\(port.number)/text")
            case "/file": .redirect("file:///etc/passwd")
            case "/round": .redirect("/round")
            default: .text("echo here\n")
            }
        }
        port.number = server.port
        for (path, isAnswered) in [("in", true), ("out", false), ("file", false), ("round", false)] {
            var download = Download(url: "http://127.0.0.1:\(server.port)/\(path)", partial: "\(directory)/x")
            download.mayAsk = { "\($0)" == "127.0.0.1" }
            var problem: String?
            do { try await download.run { _, _ in } } catch { problem = "\(error)" }
            #expect((problem == nil) == isAnswered, "\(path): \(problem ?? "")")
            if isAnswered { #expect(Files.read("\(directory)/x") == "echo here\n") }
            if path == "out" { #expect(problem?.contains("127.0.0.2, which may not be asked") == true) }
            Files.remove("\(directory)/x")
        }
        server.end()
    }

    private final class Port: @unchecked Sendable {
        // Proof: written before the first request.
        var number: UInt16 = 0
    }

    @Test func `of a person's own are those below what is offered`() async throws {
        let places = ["https://scripts.example.org/site", "http://plain.example.org"]
        for url in [
            "https://scripts.example.org/site", "https://Scripts.example.org:443/site/a.sh",
            "https://scripts.example.org/site/b/a.sh?x=1", "http://plain.example.org/anything",
        ] {
            #expect(BootScriptDownload.isBelow(places, url), "\(url)")
        }
        for url in [
            "http://scripts.example.org/site/a.sh", "https://scripts.example.org/sites", "https://scripts.example.org/",
            "https://scripts.example.org.evil.example/site/a.sh", "https://scripts.example.org:444/site/a.sh",
            "https://scripts.example.org@evil.example/site/a.sh", "https://scripts.example.org/site/../other",
            "https://scripts.example.org/site/%2e%2E/other", "https://scripts.example.org/site/..%2Fother",
            "https://scripts.example.org/site/..%5cother", "https://scripts.example.org/site/./a", "file:///etc/passwd",
            "https://evil.example/https://scripts.example.org/site/a.sh", "https://plain.example.org/a", "",
        ] {
            #expect(!BootScriptDownload.isBelow(places, url), "\(url)")
        }
        #expect(await problem("https://evil.example/a", urls: places, isAdministrators: false).contains("scripts.urls"))
    }
}
