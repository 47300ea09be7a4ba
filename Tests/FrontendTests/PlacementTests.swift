import Domain
import Foundation
@testable import Frontend
import Testing

/// Why a session waits, for programs and in words.
@Suite(.timeLimit(.minutes(2)))
struct PlacementTests {
    private struct Answer: Decodable {
        struct Host: Decodable { var host, code: String, resource: String?, needed: Int?, there: Int?, tag: String? }
        var fits: Bool
        var hosts: [Host]
    }

    private func ask(_ site: TestSite, _ query: String) async throws -> Answer {
        let reply = try await site.http.get("/api/placement?\(query)")
        #expect(reply.status == 200, "\(reply.body)")
        return try JSONDecoder().decode(Answer.self, from: Data(reply.body.utf8))
    }

    @Test func `programs are told where a session could run, and why not elsewhere`() async throws {
        try await withSite(freshness: .zero) { site in
            try await site.hostUp()
            let fits = try await ask(site, "machine=grub&cpu=16&memory_mib=1024")
            #expect(fits.fits && fits.hosts.map(\.code) == ["fits"])
            _ = try await site.create()
            try await site.advance(to: .running)
            let full = try await ask(site, "machine=grub&memory_mib=15000")
            let host = try #require(full.hosts.first)
            #expect(!full.fits && host.code == "full" && host.resource == "memory_mib" && host.needed == 15_000)
            #expect(try await ask(site, "machine=grub&tag=fast").hosts.first?.tag == "tag:fast")
            // No more than of one that is somebody else's.
            let nothing = try await ask(site, "machine=nothing")
            #expect(!nothing.fits && nothing.hosts.isEmpty)
            #expect(try await ask(site, "machine=grub&cpu=17").hosts.first?.code == "too-small")
        }
    }

    @Test(arguments: ["cpu=many", "cpu=-1", "memory_mib=99999999999999999999", "tag=a%0Ab", "disk_gib="])
    func `what is no wish is refused with its name`(query: String) async throws {
        try await withSite { site in
            let reply = try await site.http.get("/api/placement?\(query)")
            #expect(reply.status == 400)
            #expect(reply.body.contains(query.prefix { $0 != "=" }))
        }
    }
}
