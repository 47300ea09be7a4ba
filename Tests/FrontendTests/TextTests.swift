import Domain
@testable import Frontend
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1_741_097_100_999, "2025-03-04T14:05:00Z"),
        (951_782_399_000, "2000-02-28T23:59:59Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"), (-1000, "1969-12-31T23:59:59Z"),
        (4_102_444_800_000, "2100-01-01T00:00:00Z"),
    ])
    func `moments are written in UTC`(milliseconds: Int64, text: String) {
        #expect(TimeText.rfc3339(milliseconds) == text)
        let readable = TimeText.readable(milliseconds)
        #expect(HTML.time(milliseconds) == "<time datetime=\"\(text)\">\(readable)</time>")
        #expect(readable == text.prefix(10) + " " + text.dropFirst(11).prefix(5) + " UTC")
    }

    @Test(arguments: [
        (0, "0 seconds"), (1, "1 second"), (61, "1 minute"), (3600, "1 hour"), (5400, "1 h 30 min"),
        (43_200, "12 hours"),
        (86_400, "1 day"), (90_000, "1 day 1 h"), (345_600, "4 days"), (-5, "0 seconds"),
    ])
    func `spans of time are written in their largest units`(seconds: Int, text: String) throws {
        #expect(try Texts.english().duration(seconds: seconds) == text)
    }

    @Test(arguments: [
        (0, "0.00 s"), (43, "0.04 s"), (996, "1.0 s"), (1250, "1.3 s"), (9960, "9 s"), (65_000, "1 min 5 s"),
    ])
    func `durations of steps are written as short as they are`(milliseconds: Int, text: String) throws {
        #expect(try Texts.english().elapsed(milliseconds: milliseconds) == text)
    }

    @Test(arguments: [
        (512, "0.5", "512 MiB"), (1024, "1", "1 GiB"), (1536, "1.5", "1.5 GiB"), (1280, "1.25", "1.3 GiB"),
    ])
    func `memory reads back as it was written`(mib: Int, field: String, shown: String) throws {
        #expect(MemoryText.gib(mib) == field)
        #expect(MemoryText.mib(field) == mib)
        #expect(try Texts.english().memory(mib: mib) == shown)
    }

    @Test(arguments: ["", ".", "1.", ".5", "-1", "1e3", "1,5", " 1", "0x1", "1.2345", "1234567"])
    func `what is no decimal number is no memory`(text: String) {
        #expect(MemoryText.mib(text) == nil)
    }

    @Test func `the templates find every text and constant they use`() throws {
        _ = try Pages(options: FrontendOptions())
    }

    @Test func `every kind of problem, error and state has its words`() throws {
        let texts = try Texts.english()
        for field in CreateForm.Field.allCases { #expect(texts.find("field.\(field.rawValue)") != nil) }
        for state in SessionState.allCases { #expect(texts.find("state.\(state.rawValue)") != nil) }
        for code in [
            FrontendError.Code.badBody, .unsupportedType, .tooLarge, .notFound, .noSession, .crossSite, .notRunning,
            .refused, .unavailable, .failed,
        ] {
            for part in ["title", "what", "now"] { #expect(texts.find("error.\(code.rawValue).\(part)") != nil) }
        }
    }

    @Test func `the five special characters are escaped and nothing else`() {
        #expect(HTML.escape("a<b>&\"'ü\u{1F600}") == "a&lt;b&gt;&amp;&quot;&#39;ü\u{1F600}")
        #expect(HTML.escape("plain") == "plain")
    }

    @Test(arguments: ["a", "desk.example.org", "desk:8080", "127.0.0.1:1", "[::1]", "[fe80::1]:65535", "a_b-c", "a:"])
    func `names and addresses are hosts`(host: String) { #expect(Authority(host) != nil) }

    @Test(arguments: [
        "", ":80", "a:0", "a:65536", "a:b", "a:1:", "a:+1", "a b", "a/b", "a@b", "[", "[]", "[::1", "[x]", "a\u{0}",
        ".a", "ä",
    ])
    func `anything else is none`(host: String) { #expect(Authority(host) == nil) }

    @Test func `a QR code has its three corners`() throws {
        let code = try #require(QRCode("http://127.0.0.1:6080/vnc.html#autoconnect=true"))
        #expect((code.width - 17).isMultiple(of: 4), "ISO/IEC 18004: a symbol has 17 + 4 n modules")
        #expect(code.path.hasPrefix("M0 0h7v1h-7z"))
        #expect(code.path.contains("M\(code.width - 7) 0h7v1h-7z"))
        #expect(QRCode(String(repeating: "x", count: 3000)) == nil)
    }

    @Test(arguments: [LimitExceeded.Resource.sessions, .cpu, .memory, .waiting, .waitingOwn, .rate], [true, false])
    func `whoever reaches a limit reads which, and the way out`(
        resource: LimitExceeded.Resource, isOfAddress: Bool
    ) throws {
        let limit = LimitExceeded(
            resource: resource, wanted: 4096, allowed: 2048, retryAfter: .seconds(6), isOfAddress: isOfAddress)
        let text = try Texts.english().sentences(for: limit)
        #expect(!text.contains("{") && !text.contains("limit."), "\(text)")
        #expect(text.split(separator: ". ").count == 2)
        // Sessions of an address may be somebody else's.
        if isOfAddress { #expect(!text.contains("Stop one") && !text.contains("cancel")) }
        if resource == .memory { #expect(text.contains("2 GiB")) }
        if resource == .rate { #expect(text.contains("7 seconds")) }
    }
}
