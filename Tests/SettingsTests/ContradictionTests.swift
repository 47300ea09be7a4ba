import Settings
import Testing

struct ContradictionTests {
    @Test func `a life-time longer than the limit is an error in the form and in the defaults`() throws {
        let directory = try ConfigurationDirectory(
            """
            limits: { lifetime: 1d }
            defaults: { lifetime: 2d }
            form:
              lifetime: [12h, 36h, 0]
            """)
        #expect(
            directory.errors() == [
                "qwd.yaml:2: defaults.lifetime: found 2d, expected at most 1d; that is limits.lifetime (qwd.yaml:1)",
                "qwd.yaml:4: form.lifetime: found 36h, expected at most 1d; that is limits.lifetime (qwd.yaml:1)",
                "qwd.yaml:4: form.lifetime: found 0, which is without end, expected at most 1d; "
                    + "that is limits.lifetime (qwd.yaml:1)",
            ])
    }

    @Test func `a limit that is wrong itself is no measure for others`() throws {
        let found = try errors("limits.lifetime=10 d", "form.lifetime=9d")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("--set: limits.lifetime: found \"10 d\"") == true)
    }

    @Test func `without a limit every life-time is allowed`() throws {
        let loaded = try settings("limits.lifetime=0", "form.lifetime=30d,0", "defaults.lifetime=0")
        #expect(loaded.form.lifetime == [.seconds(30 * 86400), .zero])
        #expect(loaded.defaults.lifetime == .zero)
    }

    @Test(arguments: [
        ("1d", ["12h", "1d"], "1d"), ("36h", ["12h", "1d"], "36h"), ("1h", ["1h"], "1h"),
        ("30d", ["12h", "1d", "2d", "4d"], "4d"), ("0", ["12h", "1d", "2d", "4d"], "4d"),
    ])
    func `life-times that nobody set follow the limit`(limit: String, offered: [String], first: String) throws {
        let loaded = try settings("limits.lifetime=\(limit)")
        #expect(loaded.form.lifetime.map(\.configurationText) == offered)
        #expect(loaded.defaults.lifetime.configurationText == first)
    }

    @Test func `a runtime directory too long for a socket is refused with the maximum`() throws {
        let longest = "/" + String(repeating: "r", count: 67)
        #expect((longest + "/sessions/0123456789abcdef/monitor.sock").utf8.count == 107)
        #expect(try settings("runtime_dir=\(longest)").runtimeDir == longest)
        #expect(
            try errors("runtime_dir=\(longest)r") == [
                "--set: runtime_dir: found \"\(longest)r\" with 69 bytes, expected at most 68 bytes; "
                    + "the path of a session's socket below it may have 107"
            ])
    }

    @Test(arguments: [
        (["frontend.public_url=https://desk.example.org", "display.public_url=http://desk.example.org:6080"], 1),
        (["frontend.public_url=https://desk.example.org", "display.listen=0.0.0.0:6080"], 1),
        (["tls.certificate=/c", "tls.key=/k", "display.public_url=http://desk.example.org:6080"], 1),
        (["frontend.public_url=https://desk.example.org", "display.public_url=https://desk.example.org/displays"], 0),
        (["frontend.public_url=http://desk.example.org", "display.public_url=http://desk.example.org:6080"], 0),
        (["tls.certificate=/c", "tls.key=/k", "display.listen=0.0.0.0:6080"], 0),
        (["tls.certificate=/c", "tls.key=/k", "frontend.public_url=http://desk.example.org"], 0),
        // Pages alone: the displays are other hosts'.
        (["frontend.public_url=https://desk.example.org"], 0),
    ])
    func `pages with TLS and displays without are refused with the way out`(set: [String], count: Int) throws {
        let found = try ConfigurationDirectory().errors(overrides: set)
        #expect(found.count == count, "\(found)")
        #expect(found.allSatisfy { $0.contains("https page") && $0.contains("display.public_url") })
    }
}
