import Domain
import Testing

struct URLPartsTests {
    @Test(
        arguments: [
            ("http://desk.example.org", "http", nil, "desk.example.org", "", nil),
            ("HTTPS://Desk.Example.org:8443/a/b?c=d", "https", nil, "desk.example.org:8443", "/a/b", "c=d"),
            ("redis://user:p@ss@[::1]:6379/2", "redis", "user:p@ss", "[::1]:6379", "/2", nil),
            ("ws://127.0.0.1/", "ws", nil, "127.0.0.1", "/", nil), ("x://h?", "x", nil, "h", "", ""),
        ] as [(String, String, String?, String, String, String?)])
    func `a URL has its parts`(
        text: String, scheme: String, userInfo: String?, authority: String, path: String, query: String?
    ) throws {
        let parts = try #require(URLParts(text))
        #expect(parts.scheme == scheme && parts.userInfo == userInfo && parts.path == path && parts.query == query)
        #expect(parts.authority.map { "\($0)" } == authority)
    }

    @Test func `a path may stand without a host`() throws {
        let parts = try #require(URLParts("unix://:secret@/run/redis.sock?db=1"))
        #expect(parts.authority == nil && parts.userInfo == ":secret" && parts.path == "/run/redis.sock")
    }

    @Test(arguments: [
        "", "host", "http:/host", "http://ho st", "http://h\u{e4}", "http://h\n", "http://h#f", "http://h:",
        "http://h:0",
        "http://h:65536", "http://h:+80", "http://[::1", "http://[h]", "http://[fe80::1%25eth0]", "http://.h",
        "http://h..i",
        "http://1.2.3", "http://-h", "http://h-", "http://a@b@",
        "http://\(String(repeating: "h", count: 64))",
    ])
    func `what is no URL is none`(text: String) {
        let parts = URLParts(text)
        // Nothing but a user is no host either.
        #expect(parts == nil || parts?.authority == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1", 0), ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
        ("localhost:8080", "localhost", 8080),
    ])
    func `where to listen may be any port and have a zone`(text: String, host: String, port: Int) throws {
        let place = try #require(Authority(text, isOfListener: true))
        #expect(place.hostText == host && place.port == port)
        #expect(text == "localhost:8080" || Authority(text) == nil)
    }
}
