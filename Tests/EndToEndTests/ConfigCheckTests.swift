import Foundation
import Processes
import Testing
import TestSupport

/// `qwd config check` as an administrator runs it.
@Suite(.timeLimit(.minutes(1)))
struct ConfigCheckTests {
    private func check(_ text: String) async throws -> (status: Int32, output: String, errors: String) {
        let file = "/tmp/qwd-check-\(UInt32.random(in: 0...UInt32.max)).yaml"
        try Files.write(text, to: file)
        defer { Files.remove(file) }
        let found = try await answer(of: builtProgram, to: ["config", "check", "--config", file])
        return (found.code, found.output, found.errors)
    }

    @Test(arguments: ["http", "ws"])
    func `displays without TLS beside pages with TLS are an error with its line and the way out`(
        scheme: String
    ) async throws {
        let found = try await check(
            """
            frontend:
              public_url: https://desk.example.org/qwd
            display:
              public_url: \(scheme)://desk.example.org:6080

            """)
        #expect(found.status == 78 && found.output == "")
        #expect(found.errors.contains("display.public_url") && found.errors.contains(":4"), "\(found.errors)")
        let advice = scheme == "http" ? "browsers open no plain WebSocket from an https page" : "http"
        #expect(found.errors.contains(advice), "\(found.errors)")
    }

    @Test(arguments: [
        ("tls:\n  certificate: /nope/c.pem\n  key: /nope/k.pem\n", "/nope/"),
        ("mail:\n  url: smtp://127.0.0.1:1\n  from: a@example.org\n  ca: /nope/ca.pem\n", "/nope/ca.pem"),
        ("state_dir: /proc/version/nope\n", "/proc/version is no directory"),
        ("machines:\n  directory: /etc/passwd\n", "is no directory"),
        ("machines:\n  directory: /nowhere/machines\n", "/nowhere/machines is not there"),
        ("machines:\n  store: /nowhere/store\n", "/nowhere/store is not there"),
        ("redis:\n  url: rediss://127.0.0.1:1?ca=/nowhere/ca.pem\n", "/nowhere/ca.pem is not there"),
        ("display:\n  novnc: /nowhere/novnc\n", "/nowhere/novnc has no core/rfb.js"),
        ("tls:\n  certificate: /nope/c.pem\n  key: /nope/k.pem\n", "/nope/k.pem is not there"),
        ("tls:\n  certificate: /nope/c.pem\n  key: /nope/k.pem\n", "/nope/c.pem is not there"),
        ("defaults:\n  memory_gib: 2048\n", "write 2 if MiB were meant"),
        (
            "auth:\n  methods: [local]\n  local:\n    service: qwd-nowhere\n",
            "auth.methods: local: There is no PAM service qwd-nowhere"
        ),
    ])
    func `what a key names is looked at`(text: String, says: String) async throws {
        let found = try await check((text.hasPrefix("auth:") ? "" : "auth:\n  methods: [none]\n") + text)
        #expect(found.status == 78 && found.errors.contains(says), "\(found.errors)")
        #expect(!found.errors.contains("auth.methods: auth.methods"), "\(found.errors)")
    }

    @Test func `a good file is said to be good`() async throws {
        let found = try await check(
            """
            frontend:
              public_url: https://desk.example.org/qwd
            display:
              public_url: https://desk.example.org:6080
            auth:
              methods: [none]

            """)
        #expect(found.status == 0, "\(found.errors)")
        #expect(found.errors.contains("the configuration is good"))
    }

    @Test(arguments: [
        ["--config", "FILE", "config", "show"], ["--config=FILE", "--set", "log.level=debug", "config", "show"],
        ["--set=log.level=debug", "config", "show", "--config", "FILE"],
        [
            "--config", "/none.yaml", "--set=log.level=error", "config", "show", "--config", "FILE",
            "--set=log.level=debug",
        ],
    ])
    func `what all commands understand may stand before the command too`(words: [String]) async throws {
        let file = "/tmp/qwd-check-\(UInt32.random(in: 0...UInt32.max)).yaml"
        try Files.write("form: { cpu: [7] }\n", to: file)
        defer { Files.remove(file) }
        let found = try await answer(of: builtProgram, to: words.map { $0.replacing("FILE", with: file) })
        #expect(found.code == 0 && found.output.contains("[7]"), "\(found)")
        #expect(found.output.contains("level: debug") == (words.count > 4), "\(found.output)")
    }

    @Test(arguments: [["--config"], ["--config", "/none.yaml"], ["--set=log.level=debug"]])
    func `without a command they are an error of use`(words: [String]) async throws {
        let found = try await answer(of: builtProgram, to: words)
        #expect(found.code == 2 && found.errors.contains("qwd --help"), "\(found)")
    }
}
