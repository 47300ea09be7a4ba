import Domain
import Logins
import Queue
import Secrets
import Testing

@testable import Frontend

/// The hosts' folders and the exchange folder in the form and on a session's page.
@Suite(.timeLimit(.minutes(1)))
struct FolderTests {
    private static let signIn = SignInOptions(admins: [], emailDomains: [])

    private static var options: FrontendOptions {
        var options = FrontendOptions(defaultMemoryMiB: 1024)
        var home = HostFolder(path: "/home/{user}", tag: "home")
        home.isReadOnly = false
        var admins = HostFolder(path: "/srv/admins")
        (admins.users, admins.groups) = ([], ["admins"])
        options.folders = [home, HostFolder(path: "/srv/data"), admins]
        options.filesKept = 3600
        return options
    }

    private func session(of reply: HTTPClient.Reply, _ site: TestSite) async throws -> Session {
        #expect(reply.status == 303, "\(reply.body.suffix(2000))")
        let id = try #require(SessionID((reply.headers["location"] ?? "").dropFirst(10)))
        return try #require(try await site.queue.session(id))
    }

    @Test func `the form tells who is signed in what his guest will find, and takes a no`() async throws {
        try await withSite(Self.options, signIn: Self.signIn) { site in
            try await site.hostUp()
            let browser = Browser(site)
            _ = try await browser.signIn("bob")
            let form = try await browser.get("/").body
            #expect(form.contains("/mnt/home, /mnt/data (to read).") && !form.contains("/mnt/admins"))
            let with = try await session(of: browser.post("/sessions", [("machine", "grub")]), site)
            #expect(with.request.isOwnerKnown && with.request.wantsFolders && with.request.owner == "bob")
            let without = try await session(
                of: browser.post("/sessions", [("machine", "grub"), ("no_folders", "1")]), site)
            #expect(!without.request.wantsFolders)
        }
    }

    @Test func `a name that was only typed is no owner that is known`() async throws {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            let form = try await site.http.get("/").body
            #expect(form.contains("/mnt/data (to read).") && !form.contains("/mnt/home"))
            let id = try await site.create([("machine", "grub"), ("user", "bob")])
            #expect(try await site.queue.session(id)?.request.isOwnerKnown == false)
        }
    }

    @Test func `the session's page tells what there is and why not, and where its files are`() async throws {
        try await withSite(Self.options) { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try await site.advance(to: .network)
            let page = "/sessions/\(id)"
            #expect(try await !site.http.get(page).body.contains("files-door"))
            _ = try await site.queue.commit(
                claim, accelerator: "tcg",
                folders: [
                    SessionFolder(tag: "data", isReadOnly: true),
                    SessionFolder(tag: "home", isReadOnly: false, problem: "<b> has no account"),
                    SessionFolder(tag: ExchangeFolder.tag, isReadOnly: false),
                ])
            let reply = try await site.http.get(page)
            #expect(reply.body.contains("/mnt/data (to read)<br>/mnt/home is missing: &lt;b&gt; has no account"))
            let token = site.secret.fileToken(session: id)
            #expect(reply.body.contains("data-display=\"ws://viewer.example:6080/display\" data-token=\"\(token)\""))
            #expect(token != site.secret.token(session: id, fence: claim.fence))
            #expect(reply.headers["content-security-policy"]?.contains("ws://viewer.example:6080") == true)
            // Nobody logs it.
            #expect(site.log.lines.allSatisfy { !$0.contains(token) })
            // After the end too, for a while.
            try await site.queue.end(id, fence: claim.fence, reason: .poweredOff, detail: "")
            #expect(try await site.http.get(page).body.contains(token))
        }
        var short = Self.options
        short.filesKept = 0
        try await withSite(short) { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try await site.advance(to: .network)
            _ = try await site.queue.commit(
                claim, accelerator: "tcg", folders: [SessionFolder(tag: ExchangeFolder.tag, isReadOnly: false)])
            try await site.queue.end(id, fence: claim.fence, reason: .poweredOff, detail: "")
            while try await site.http.get("/sessions/\(id)").body.contains("files-door") {}
        }
    }

    @Test func `a machine's section decides about graphics cards`() async throws {
        try await withSite { site in
            var host = TestSite.host
            host.capacity[.gpu] = 4
            try await site.hostUp("host-a", host)
            var (always, never) = (TestSite.machines[0], TestSite.machines[0])
            (always.name, always.gpu) = ("always", 2)
            (never.name, never.gpu) = ("never", 0)
            try await site.queue.offer(TestSite.machines + [always, never], host: "host-a")
            let id = try await site.create([("machine", "always")])
            #expect(try await site.queue.session(id)?.request.resources.gpu == 2)
            let refused = try await site.http.post("/sessions", [("machine", "never"), ("gpu", "1")])
            #expect(refused.status == 422 && refused.body.contains("is not available on this server"))
        }
    }
}
