@testable import DisplayGateway
import Domain
import Processes
import Testing

/// Who gets in and who does not.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct DoorTests {
    @Test func `a token opens its display and no other one`() async throws {
        let gateway = try await GatewayFixture()
        for (token, text) in zip(GatewayFixture.tokens, ["one", "two"]) {
            let (viewer, display) = try gateway.open(token)
            try display.write(Array(text.utf8))
            #expect(try viewer.frame() == (0x82, Array(text.utf8)))
            try viewer.send(0x82, Array("key".utf8))
            #expect(try display.take(3) == Array("key".utf8))
        }
        try await gateway.close()
    }

    private static let wrong = [
        String(repeating: "c", count: 43), String(repeating: "A", count: 43), "a", "",
        String(repeating: "a", count: 42),
        String(repeating: "a", count: 44), "../tokens/" + String(repeating: "a", count: 43),
        String(repeating: "a", count: 43) + "/.", "./" + String(repeating: "a", count: 41), ".", "..", "../a.sock",
        "/etc/passwd", String(repeating: "a", count: 42) + "\u{0}", String(repeating: "a", count: 42) + "%61",
        String(repeating: "á", count: 43), String(repeating: "a", count: 42) + " ", "*", "binary",
        String(repeating: "a", count: 43) + ", " + String(repeating: "a", count: 43),
    ]

    @Test(arguments: wrong) func `a wrong token opens nothing`(token: String) async throws {
        let gateway = try await GatewayFixture()
        // An answer says no more than that; a byte that may stand in no head is no request at all.
        let answer = try gateway.answer(GatewayFixture.upgrade(token))
        #expect(answer.hasPrefix("HTTP/1.1 403 ") || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
        let inPath = try gateway.answer(GatewayFixture.upgrade("x", path: "/display?token=\(gateway.token)"))
        #expect(inPath.hasPrefix("HTTP/1.1 403 "), "an address is no place for a token")
        try await gateway.close()
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", true), ("http://localhost:1", true), ("http://[::1]:8080", true),
        ("http://192.168.7.9", true), ("https://desk.example.org", true), ("https://desk.example.org:443", true),
        ("http://evil.example", false), ("https://desk.example.org:8443", false), ("http://desk.example.org", false),
        ("https://desk.example.org.evil.example", false), ("https://evil.example/?https://desk.example.org", false),
        ("http://203.0.113.9", false), ("null", false), ("", false), ("file://", false),
        ("http://127.0.0.1.evil.example", false), ("http://localhost@evil.example", false),
        ("http://0x7f000001", false), ("http://127.0.0.1/24", true),
        ("http://[::1].evil.example", false), ("http://[::1]evil.example", false), ("http://[::1", false),
        ("http://127.0.0.1:evil.example", false), ("http://127.0.0.1:80:evil", false), ("http://127.0.0.1:", false),
        ("http://localhost.", true), ("http://.localhost", false), ("http://[::1]:99999", false),
        ("https://desk.example.org.", true), ("https://DESK.example.org:443/", true),
    ])
    func `a page of somebody else opens nothing, even with a right token`(origin: String, isLet: Bool) async throws {
        let gateway = try await GatewayFixture { $0.origins = OriginRule(["https://desk.example.org/qwd"]) }
        let socket = try gateway.connect()
        try socket.write(Array(GatewayFixture.upgrade(gateway.token, ["Origin": origin]).utf8))
        #expect(try socket.head().hasPrefix(isLet ? "HTTP/1.1 101 " : "HTTP/1.1 403 "))
        try await gateway.close()
    }

    @Test func `with public addresses alone, no address but these`() {
        let rule = OriginRule(["https://desk.example.org"], ownAddresses: false)
        #expect(rule.allows("https://desk.example.org", host: "x"))
        #expect(!rule.allows("http://127.0.0.1:8080", host: "127.0.0.1:6080"))
        // The display's own address, where it is one of the internet's.
        #expect(OriginRule().allows("http://203.0.113.9:8080", host: "203.0.113.9:6080"))
        #expect(OriginRule().allows("http://[2001:db8::1]:8080", host: "[2001:DB8:0::1]:6080"))
        #expect(!OriginRule().allows("http://evil.example", host: "evil.example"), "a name can be pointed at us")
    }

    @Test(arguments: [
        ("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "200"), ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "426"),
        ("GET /vnc.html HTTP/1.1\r\nHost: h\r\n\r\n", "404"),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "404"),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "426"), ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "400"), ("GET / HTTP/1.0\r\nHost: h\r\n\r\n", "400"),
        ("GET / HTTP/1.1\nHost: h\n\n", "400"), ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400"), ("\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400"), ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        (upgradeWith(["Sec-WebSocket-Version": "8"]), "426"), (upgradeWith(["Sec-WebSocket-Key": nil]), "400"),
        (upgradeWith(["Sec-WebSocket-Key": "short"]), "400"), (upgradeWith(["Sec-WebSocket-Protocol": nil]), "403"),
        (upgradeWith(["Sec-WebSocket-Protocol": "binary"]), "403"), (upgradeWith(["Connection": "close"]), "404"),
        (upgradeWith(["Upgrade": "h2c"]), "404"), (upgradeWith([:], ["Origin: http://127.0.0.1", "Origin: x"]), "400"),
        ("GET /\(String(repeating: "x", count: 9000)) HTTP/1.1\r\n", "431"),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 8200))\r\n\r\n", "431"),
    ])
    func `what is no upgrade is answered briefly and ends`(request: String, status: String) async throws {
        let gateway = try await GatewayFixture()
        let answer = try gateway.answer(request)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.contains("Connection: close") && !answer.contains("Server:"))
        try await gateway.close()
    }

    private static func upgradeWith(_ changes: [String: String?], _ extra: [String] = []) -> String {
        GatewayFixture.upgrade(GatewayFixture.tokens[0], changes, extra: extra)
    }

    @Test func `a token whose machine is gone is no token, or is told as unreachable`() async throws {
        let gateway = try await GatewayFixture()
        gateway.endDisplay(gateway.token)
        #expect(try gateway.answer(GatewayFixture.upgrade(gateway.token)).hasPrefix("HTTP/1.1 502 "))
        Files.remove("\(gateway.directory)/tokens/\(gateway.token)")
        #expect(try gateway.answer(GatewayFixture.upgrade(gateway.token)).hasPrefix("HTTP/1.1 403 "))
        try await gateway.close()
    }

    @Test func `forty viewers who come to one display at one moment all get in`() async throws {
        let gateway = try await GatewayFixture { $0.limits.viewersPerSession = 40 }
        let viewers = try (0..<40).map { _ in try gateway.connect() }
        for viewer in viewers { try viewer.write(Array(GatewayFixture.upgrade(gateway.token).utf8)) }
        var displays: [Peer] = []
        for _ in viewers {
            // The machine takes one after the other, between what else it does.
            try await Task.sleep(for: .milliseconds(5))
            displays.append(try gateway.takeViewer())
        }
        for viewer in viewers { #expect(try viewer.head().hasPrefix("HTTP/1.1 101 ")) }
        withExtendedLifetime(displays) {}
        try await gateway.close()
    }
}

struct HeadScanTests {
    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 14), ("A\r\nB\r\n\r\nrest", 4), ("A\r\nB\r\n", nil), ("", nil), ("\r\n\r\n", 0),
    ])
    func `the end of a head is found in pieces of any size`(text: String, end: Int?) {
        let bytes = Array(text.utf8)
        for size in 1...max(1, bytes.count) {
            var scan = HeadScan()
            var found: Int?
            for count in stride(from: size, through: bytes.count + size - 1, by: size) where found == nil {
                found = scan.end(of: bytes.prefix(count))
            }
            #expect(found == end, "pieces of \(size)")
        }
    }
}
