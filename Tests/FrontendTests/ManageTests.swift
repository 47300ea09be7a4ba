import Domain
@testable import Frontend
import Queue
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManageTests {
    @Test func `every session has its row and every host its bars`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let running = try await site.create([("machine", "grub"), ("user", "ada")])
            try await site.advance(to: .running)
            let waiting = try await site.create([("machine", "debian-desktop"), ("user", "bob")])
            let page = try await site.http.get("/manage").body
            let first = try #require(page.firstRange(of: "id=\"s-\(waiting)\""))
            let second = try #require(page.firstRange(of: "id=\"s-\(running)\""))
            #expect(first.lowerBound < second.lowerBound, "what waits needs attention")
            #expect(page.contains("href=\"/sessions/\(running)/connect\""))
            #expect(!page.contains("href=\"/sessions/\(waiting)/connect\""))
            #expect(!page.contains("token"), "a list shows no links that open a desktop")
            #expect(page.contains("formaction=\"/sessions/\(running)/stop?from=manage\""))
            #expect(page.contains("1 of 16 reserved, 15 free; 25 % busy"))
            #expect(page.contains("1 GiB of 15 GiB reserved, 14 GiB free; 4 GiB in use"))
            let stopped = try await site.http.post("/sessions/\(waiting)/stop?from=manage")
            #expect(stopped.headers["location"] == "/manage")
            #expect(try await site.http.get("/manage").body.contains("It was cancelled before it started."))
        }
    }

    @Test func `links and buttons of a row have names of their own, by which they keep the focus`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            try await site.advance(to: .running)
            _ = try await site.create()
            let stopped = try await site.create()
            _ = try await site.queue.stop(stopped)
            let page = try await site.http.get("/manage").body
            for letter in ["n", "c", "x"] { #expect(page.contains(" id=\"\(letter)-\(id)\"")) }
            let ids = page.matches(of: #/\bid="([^"]+)"/#).map { String($0.1) }
            #expect(Set(ids).count == ids.count, "\(ids)")
        }
    }

    @Test func `rows of sessions that have ended are not kept`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let cache = SessionRowCache(queue: site.queue, pages: try Pages(options: site.options))
            let first = try await site.create([("machine", "grub"), ("user", "ada")])
            for user in ["ada", "bob"] { _ = try await site.create([("machine", "grub"), ("user", user)]) }
            for (user, count) in [("ada", 2), ("bob", 1)] as [(PersonName, Int)] {
                #expect(try await cache.rows(of: user).count == count)
            }
            #expect(cache.count == 3)
            _ = try await site.queue.stop(first)
            #expect(try await cache.rows(of: "ada").count == 1)
            #expect(cache.count == 2, "a look at one person's rows drops theirs and nobody else's")
            #expect(try await cache.rows().count == 2)
        }
    }

    @Test func `a long list has pages, and a page that is not there is the last one`() async throws {
        try await withSite { site in
            try await site.hostUp()
            var ids: [String] = []
            for _ in 0..<RowPage.size + 5 { ids.append("\(try await site.create())") }
            func page(_ query: String) async throws -> (rows: [String], html: String) {
                let html = try await site.http.get("/manage\(query)").body
                return (html.matches(of: /<tr id="s-([^"]+)"/).map { String($0.1) }, html)
            }
            let first = try await page("")
            #expect(Set(first.rows) == Set(ids.suffix(RowPage.size)), "the newest")
            #expect(first.html.contains("Sessions 1 to 200 of 205, the newest first."))
            #expect(first.html.contains("href=\"/manage?page=2\"") && !first.html.contains("rel=\"prev\""))
            #expect(!first.html.contains("data-fixed"))
            let second = try await page("?page=2")
            #expect(Set(second.rows) == Set(ids.prefix(5)))
            #expect(second.html.contains("Sessions 201 to 205 of 205"))
            #expect(second.html.contains("href=\"/manage?page=1\"") && !second.html.contains("rel=\"next\""))
            #expect(second.html.contains("data-fixed"), "new sessions stand on the first page")
            #expect(try await page("?page=999999").rows == second.rows)
            for odd in ["?page=", "?page=0", "?page=-1", "?page=x", "?page=99999999999999999999"] {
                #expect(try await page(odd).rows == first.rows, "\(odd)")
            }
        }
    }

    @Test func `silent and draining hosts are called so`() async throws {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        options.lease = .zero
        try await withSite(options) { site in
            try await site.hostUp("host-a")
            #expect(try await site.http.get("/manage").body.contains("Silent since"))
        }
        try await withSite { site in
            try await site.hostUp("host-a")
            _ = try await site.queue.drain("host-a", true)
            #expect(try await site.http.get("/manage").body.contains("Takes no new sessions"))
        }
    }

    @Test func `a browser finds its own sessions marked`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let created = try await site.http.post("/sessions", [("machine", "grub")])
            _ = try await site.create()
            let cookie = String(try #require(created.headers["set-cookie"]).prefix { $0 != ";" })
            let page = try await site.http.get("/manage", headers: [("Cookie", cookie)]).body
            #expect(page.components(separatedBy: "class=\"tag\"") == 2)
        }
    }

    @Test func `nothing to manage is said in words`() async throws {
        try await withSite { site in
            let page = try await site.http.get("/manage").body
            #expect(page.contains("No session at the moment."))
            #expect(page.contains("No host is known."))
        }
    }

    @Test func `the page is compressed for who takes that, and its forms' token is another text each time`()
        async throws
    {
        try await withSite(signIn: SignInOptions()) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("alice")
            func token() async throws -> String {
                let page = try await browser.get("/manage")
                #expect(page.headers["content-encoding"] == nil)
                return String(try #require(page.body.firstMatch(of: /name="csrf" value="([^"]+)"/)).1)
            }
            let (one, other) = (try await token(), try await token())
            #expect(one != other)
            let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            for (token, status) in [(one, 303), (other, 303), (one.replacing("a", with: "b"), 403), ("", 403)] {
                let reply = try await site.http.post(
                    "/sessions", [("machine", "grub"), ("csrf", token)], headers: [("Cookie", cookies)])
                #expect(reply.status == status)
            }
            let packed = try await site.http.get(
                "/manage", headers: [("Cookie", cookies), ("Accept-Encoding", "gzip")])
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.headers["vary"] == "Accept-Encoding")
            for path in ["/", "/manage/events"] {
                let stream = try await site.http.open(
                    "GET", path, headers: [("Cookie", cookies), ("Accept-Encoding", "gzip")])
                var reader = EventReader(stream)
                if path != "/" { _ = try await reader.next() }
                #expect(reader.head?.headers["content-encoding"] == nil)
            }
        }
    }

    @Test func `metrics count sessions, hosts and requests and name no session`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            _ = try await site.http.get("/sessions/\(id)")
            let text = try await site.http.get("/metrics").body
            #expect(text.contains("qwd_sessions{state=\"queued\"} 1\n"))
            #expect(text.contains("qwd_jobs_waiting 1\n"))
            #expect(text.contains("qwd_hosts{state=\"up\"} 1\n"))
            #expect(
                text.contains("qwd_http_requests_total{method=\"GET\",route=\"/sessions/{sid}\",status=\"200\"} 1\n"))
            #expect(!text.contains(id.text))
        }
    }
}
