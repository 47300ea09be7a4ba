import Domain
import Foundation
@testable import Frontend
import Queue
import Testing

/// Machines that only some may have: by name, by group, by the bounds of their section.
@Suite(.timeLimit(.minutes(2)))
struct MachineAccessTests {
    private static let options = SignInOptions(admins: ["root"], emailDomains: [])

    private static func machine(_ name: String, _ change: (inout MachineDescription) -> Void = { _ in })
        -> MachineDescription
    {
        var machine = MachineDescription(name: name, summary: "", kind: "iso", architecture: "x86_64")
        change(&machine)
        return machine
    }

    private static let machines = [
        machine("open"), machine("of-alice") { ($0.users, $0.groups) = (["alice"], []) },
        machine("of-admins") { ($0.users, $0.groups) = ([], ["admins"]) },
        machine("of-nobody") { ($0.users, $0.groups) = (["ALICE"], ["Admins"]) },
    ]

    private func offer(_ site: TestSite) async throws {
        try await site.hostUp()
        try await site.queue.offer(Self.machines, host: "host-a")
    }

    private func seen(_ browser: Browser) async throws -> [String] {
        try await browser.get("/")
        return Self.machines.map(\.name).filter { browser.page.contains("value=\"\($0)\"") }
    }

    @Test func `are seen and started by those alone, by every way`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await offer(site)
            let (stranger, alice, bob, root) = (Browser(site), Browser(site), Browser(site), Browser(site))
            #expect(try await seen(stranger) == ["open"])
            _ = try await alice.signIn("alice")
            _ = try await bob.signIn("bob")
            _ = try await root.signIn("root")
            #expect(try await seen(alice) == ["open", "of-alice"])
            #expect(try await seen(bob) == ["open"])
            // An administrator may have everything.
            #expect(try await seen(root) == Self.machines.map(\.name))

            #expect(try await bob.post("/sessions", [("machine", "of-alice")]).status == 422)
            #expect(try await bob.post("/sessions", [("machine", "of-admins")]).status == 422)
            #expect(try await bob.get("/?machine=of-alice").body.contains("value=\"of-alice\"") == false)
            // By the form that signs in, as whoever that is.
            try await stranger.get("/")
            let both = [("machine", "of-alice"), ("user", "bob"), ("password", "sesame")]
            #expect(try await stranger.post("/sessions", both).status == 422)
            #expect(try await alice.post("/sessions", [("machine", "of-alice")]).status == 303)
            // No more is said of where it could run than of one that is not there.
            let hidden = try await bob.get("/api/placement?machine=of-alice").body
            #expect(hidden.contains("host-a") == false)
            #expect(try await alice.get("/api/placement?machine=of-alice").body.contains("host-a"))
        }
    }

    @Test func `are had by who may have them on every host that offers them`() async throws {
        try await withSite(signIn: Self.options) { site in
            try await offer(site)
            // Another host's catalogue is not as new.
            try await site.hostUp("host-b")
            try await site.queue.offer(Self.machines.map { Self.machine($0.name) }, host: "host-b")
            let bob = Browser(site)
            _ = try await bob.signIn("bob")
            #expect(try await seen(bob) == ["open"])
            #expect(try await bob.post("/sessions", [("machine", "of-alice")]).status == 422)
        }
    }

    @Test func `are nobody's where names prove nothing`() async throws {
        try await withSite { site in
            try await offer(site)
            #expect(try await seen(Browser(site)) == ["open"])
            #expect(try await site.http.post("/sessions", [("machine", "of-alice"), ("user", "alice")]).status == 422)
        }
    }

    @Test func `have as much as their section allows`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let small = Self.machine("small") {
                ($0.cpuMax, $0.memoryMaxMiB, $0.diskGiB) = (2, 512, 40)
            }
            try await site.queue.offer([small], host: "host-a")
            let more = try await site.http.post("/sessions", [("machine", "small"), ("cpu", "4")])
            #expect(more.status == 422 && more.body.contains("1 to 2"), "\(more.body)")
            #expect(try await site.http.post("/sessions", [("machine", "small"), ("memory", "1")]).status == 422)
            let id = try await site.create([("machine", "small")])
            let request = try #require(try await site.queue.session(id)).request
            #expect(request.memoryMiB == 512 && request.diskGiB == 40)
        }
    }

    @Test(arguments: [
        (["admins"], true), (["cn=admins"], true), (["CN=admins,OU=groups,DC=example"], true), (["xadmins"], false),
        (["cn=x,ou=admins"], false), (["Admins"], false), ([], false),
    ])
    func `groups are names, or DNs whose first part is the name`(mine: [String], may: Bool) {
        #expect(Self.machines[2].isFor("eve", groups: mine) == may)
    }
}
