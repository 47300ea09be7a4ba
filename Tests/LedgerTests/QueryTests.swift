import Domain
import Ledger
import Testing

@Suite(.timeLimit(.minutes(1)))
struct QueryTests {
    let directory: LedgerDirectory
    let ledger: Ledger

    init() async throws {
        directory = try LedgerDirectory()
        ledger = try await Ledger(path: directory.ledger)
        try await ledger.record([
            entry("10-0", who: "alice", act: .signIn), entry("20-0", who: "alice", act: .create, what: "s1"),
            entry("20-1", who: "bob", act: .refused, what: "s1"), entry("30-0", who: "bob", act: .create, what: "s2"),
            entry("40-0", who: "Alice", act: .signIn), entry("50-0", who: "", act: .ended, what: "s1"),
        ])
    }

    @Test(arguments: [
        (AuditQuery(), ["50-0", "40-0", "30-0", "20-1", "20-0", "10-0"]),
        (AuditQuery(who: "alice"), ["20-0", "10-0"]), (AuditQuery(who: ""), ["50-0"]), (AuditQuery(who: "al%"), []),
        (AuditQuery(who: "' OR 1=1 --"), []), (AuditQuery(act: .create), ["30-0", "20-0"]),
        (AuditQuery(act: .share), []), (AuditQuery(what: "s1"), ["50-0", "20-1", "20-0"]),
        (AuditQuery(since: 30), ["50-0", "40-0", "30-0"]), (AuditQuery(until: 20), ["10-0"]),
        (AuditQuery(since: 20, until: 40), ["30-0", "20-1", "20-0"]), (AuditQuery(since: 40, until: 20), []),
        (AuditQuery(limit: 2), ["50-0", "40-0"]), (AuditQuery(limit: 0), []), (AuditQuery(limit: -1), []),
        (AuditQuery(before: "20-1"), ["20-0", "10-0"]), (AuditQuery(before: "10-0"), []),
        (AuditQuery(before: "25-7"), ["20-1", "20-0", "10-0"]),
        (AuditQuery(who: "bob", act: .create, what: "s2", since: 1, until: 99, limit: 9, before: "31-0"), ["30-0"]),
    ])
    func `a query answers what it asks for, newest first`(query: AuditQuery, ids: [String]) async throws {
        #expect(try await ledger.ids(query) == ids)
    }

    @Test(arguments: [1, 2, 4, 6, 7])
    func `pages follow each other without a gap`(size: Int) async throws {
        var query = AuditQuery(limit: size)
        var found: [String] = []
        while case let page = try await ledger.ids(query), let last = page.last {
            #expect(page.count <= size)
            found += page
            query.before = last
        }
        #expect(try await found == ledger.ids())
    }

    @Test func `a place that is none is refused`() async throws {
        let error = await #expect(throws: LedgerError.self) { try await ledger.ids(AuditQuery(before: "now")) }
        #expect(error?.code == .badID)
        #expect(error?.description.contains("\"now\"") == true)
    }

    @Test func `an act of a newer version is not lost`() async throws {
        let other = try OtherProcess(directory.ledger)
        try await other.run("INSERT INTO audit VALUES (60, 0, 60, 'eve', '', 'teleport', '', 'to the moon', 1)")
        let found = try #require(try await ledger.entries(matching: AuditQuery(who: "eve")).first)
        #expect(found.act == .other)
        #expect(found.detail == "teleport: to the moon")
    }
}
