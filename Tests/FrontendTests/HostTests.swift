import Domain
@testable import Frontend
import Queue
import Testing

/// Which hosts and pages are ours, and what is a request.
@Suite(.timeLimit(.minutes(1)))
struct HostTests {
    static let publicOptions = FrontendOptions(
        publicURL: "https://desk.example.org/qwd", defaultMemoryMiB: 1024)

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8080", "192.0.2.7:1", "[::1]", "[::1]:8080", "[2001:DB8::5]", "localhost",
        "LocalHost:8080", "localhost.",
    ])
    func `an address and localhost are always ours`(host: String) async throws {
        try await withSite { site in
            let reply = try await site.http.send("GET", "/", host: host)
            #expect(reply.status == 200)
        }
        try await withSite(Self.publicOptions) { site in
            let reply = try await site.http.send("GET", "/", host: host)
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "desk.example.org.evil.example", "127.0.0.1.evil.example", "127.1",
        "0x7f.0.0.1", "2130706433", "localhost.evil.example", "x.localhost", "desk", "010.0.0.1",
    ])
    func `another name is misdirected, and is told what to set`(host: String) async throws {
        for options in [FrontendOptions(defaultMemoryMiB: 1024), Self.publicOptions] {
            try await withSite(options) { site in
                try await site.hostUp()
                for path in ["/", "/manage/events", "/metrics", "/assets/style.css"] {
                    let reply = try await site.http.send("GET", path, host: host)
                    #expect(reply.status == 421)
                    #expect(reply.body.contains("frontend.public_url"))
                    #expect(reply.headers["content-type"]?.hasPrefix("text/plain") == true)
                }
                // As a page would send it whose name was made to lead here.
                let reply = try await site.http.send(
                    "POST", "/sessions", host: host,
                    headers: [
                        ("Content-Type", "application/json"), ("Origin", "http://\(host)"),
                        ("Sec-Fetch-Site", "same-origin"),
                    ], body: Array(#"{"machine":"grub"}"#.utf8))
                #expect(reply.status == 421)
                #expect(try await site.queue.sessions().isEmpty)
                #expect(site.log.lines.count { $0.contains("named a host that is not ours") } == 1, "once a minute")
            }
        }
    }

    @Test(arguments: [
        ("desk.example.org", 200), ("DESK.example.org", 200), ("desk.example.org:443", 200),
        ("desk.example.org:80", 200),
        ("desk.example.org.", 200), ("desk.example.org:81", 421), ("www.desk.example.org", 421),
    ])
    func `the host of the public address is ours`(host: String, status: Int) async throws {
        try await withSite(Self.publicOptions) { site in
            let reply = try await site.http.send("GET", "/", host: host)
            #expect(reply.status == status)
        }
    }

    @Test(arguments: [
        [], ["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "evil.example"], [""], ["a b"], ["a@b"], ["a/b"], ["[::1"],
        ["a:0"],
        ["a:65536"], ["127.0.0.1,evil.example"], ["[fe80::1%25eth0]"], ["[127.0.0.1]"],
    ])
    func `a request names exactly one host`(hosts: [String]) async throws {
        try await withSite { site in
            for path in ["/", "/healthz", "/readyz"] {
                let lines = ["GET \(path) HTTP/1.1"] + hosts.map { "Host: \($0)" } + ["", ""]
                let reply = try await site.http.raw(lines.joined(separator: "\r\n"))
                #expect(reply.status == 400)
                #expect(reply.headers["connection"] == "close")
            }
            #expect(!site.log.hasErrors)
        }
    }

    @Test(arguments: [
        ("GET http://127.0.0.1/healthz", "127.0.0.1", 200), ("GET http://127.0.0.1:80", "127.0.0.1:80", 200),
        ("GET HTTP://127.0.0.1/healthz?x", "127.0.0.1", 200), ("GET http://evil.example/healthz", "127.0.0.1", 400),
        ("GET http://127.0.0.1/healthz", "evil.example", 400), ("GET http://evil.example/", "evil.example", 421),
        ("GET http://127.0.0.1@evil.example/", "127.0.0.1", 400), ("GET ftp://127.0.0.1/", "127.0.0.1", 400),
        ("GET healthz", "127.0.0.1", 400), ("CONNECT 127.0.0.1:22", "127.0.0.1:22", 400),
    ])
    func `a target with a host agrees with Host`(line: String, host: String, status: Int) async throws {
        try await withSite { site in
            let reply = try await site.http.raw("\(line) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            #expect(reply.status == status)
            #expect(!site.log.hasErrors)
        }
    }

    @Test func `HTTP 1.0 without a host may ask for health and nothing else, and is told the end by the end`()
        async throws
    {
        try await withSite { site in
            for path in ["/healthz", "/readyz", "/healthz?a"] {
                // The answer is over when the connection is, though the client closes nothing.
                let reply = try await site.http.raw("GET \(path) HTTP/1.0\r\n\r\n")
                #expect(reply.status == 200)
                #expect(reply.headers["connection"] == "close")
                #expect(reply.headers["transfer-encoding"] == nil)
            }
            let kept = try await site.http.raw("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(kept.body == "ok\n")
            for path in ["/", "/metrics", "/manage", "/healthz/x"] {
                #expect(try await site.http.raw("GET \(path) HTTP/1.0\r\n\r\n").status == 400)
            }
            #expect(try await site.http.raw("POST /healthz HTTP/1.0\r\nContent-Length: 0\r\n\r\n").status == 400)
            #expect(try await site.http.raw("GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").status == 200)
            #expect(try await site.http.raw("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n").status == 421)
        }
    }

    @Test(arguments: [
        [("Origin", "null")], [("Origin", "http://evil.example")], [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")], [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        [("Origin", "http://127.0.0.1:1"), ("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "https://127.0.0.1.evil.example")],
        [("Origin", "")], [("Origin", "http://")], [("Origin", "file://")],
    ])
    func `no other site's page listens or changes anything`(headers: [(String, String)]) async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/manage/events", "/sessions/\(id)/events"] {
                #expect(try await site.http.get(path, headers: headers).status == 403)
            }
            #expect(try await site.http.post("/sessions", [("machine", "grub")], headers: headers).status == 403)
            #expect(try await site.queue.sessions().count == 1)
        }
    }

    @Test func `behind a proxy that rewrites Host the refusal says what to set`() async throws {
        try await withSite { site in
            let reply = try await site.http.post(
                "/sessions", [("machine", "grub")], headers: [("Origin", "https://desk.example.org")])
            #expect(reply.status == 403)
            #expect(reply.body.contains("frontend.public_url"))
            #expect(reply.body.contains("desk.example.org"))
        }
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\nabc",
        "Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", "Transfer-Encoding: identity\r\n\r\nabc",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: abc\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ])
    func `a body that is none is answered 400 without an error in the log`(rest: String) async throws {
        try await withSite { site in
            let head = "POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            let reply = try await site.http.raw(head + rest, endsAfter: true)
            #expect([400, 501].contains(reply.status) || (reply.status == 0 && rest.hasSuffix("abc")), "\(reply)")
            #expect(!site.log.hasErrors, "\(site.log.lines)")
        }
    }

    @Test func `too long a body is told so`() async throws {
        try await withSite { site in
            for head in ["Content-Length: 70000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n11170\r\n"] {
                let reply = try await site.http.raw(
                    "POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        + head + String(repeating: "x", count: 70_000) + (head.hasPrefix("T") ? "\r\n0\r\n\r\n" : ""))
                #expect(reply.status == 413)
            }
            #expect(!site.log.hasErrors)
        }
    }

    @Test func `what names are told of is bounded`() {
        let told = ToldHosts()
        let now = ContinuousClock.now
        let news = (0..<1000).count { told.isNews(.name("host\($0)"), at: now) }
        #expect(news <= 101)
        #expect(!told.isNews(.name("host1"), at: now + .seconds(59)))
        #expect(told.isNews(.name("host1"), at: now + .seconds(61)))
    }
}

extension TestLog {
    var hasErrors: Bool { lines.contains { $0.hasPrefix("error") || $0.hasPrefix("critical") } }
}
