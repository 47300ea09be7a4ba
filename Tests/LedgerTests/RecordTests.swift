import Domain
import Ledger
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RecordTests {
    let directory: LedgerDirectory
    let ledger: Ledger

    init() async throws {
        directory = try LedgerDirectory()
        ledger = try await Ledger(path: directory.ledger)
    }

    @Test(arguments: AuditAct.allCases)
    func `an entry comes back as it was recorded`(act: AuditAct) async throws {
        let recorded = AuditEntry(
            id: "1700000000000-3", at: 1_700_000_000_001, who: "O'Brien \"😀\"", from: "2001:db8::1", act: act,
            what: "0123456789abcdef", detail: "line\nand more", count: 12_000)
        try await ledger.record([recorded])
        #expect(try await ledger.entries() == [recorded])
    }

    @Test func `a name goes on behind a zero byte`() async throws {
        try await ledger.record([entry("1-0", who: "alice\u{0}eve")])
        #expect(try await ledger.ids(AuditQuery(who: "alice")) == [])
        #expect(try await ledger.entries().map(\.who) == ["alice\u{FFFD}eve"])
        #expect(try await ledger.ids(AuditQuery(who: "alice\u{0}eve")) == ["1-0"])
    }

    @Test func `the same entry again changes nothing`() async throws {
        try await ledger.record([entry("1-0", detail: "first"), entry("1-0", detail: "second"), entry("2-0")])
        try await ledger.record([entry("2-0", who: "eve"), entry("1-0", detail: "third"), entry("3-0")])
        let found = try await ledger.entries()
        #expect(found.map(\.id) == ["3-0", "2-0", "1-0"])
        #expect(found.map(\.detail) == ["", "", "first"])
        #expect(found.allSatisfy { $0.who == "alice" })
    }

    @Test func `the newest comes first, by number and not by text`() async throws {
        try await ledger.record(["9-0", "10-9", "10-10", "1700000000000-0", "2-5"].map { entry($0) })
        #expect(try await ledger.ids() == ["1700000000000-0", "10-10", "10-9", "9-0", "2-5"])
    }

    @Test func `the last id is the newest that ever was`() async throws {
        #expect(try await ledger.lastID == nil)
        try await ledger.record([])
        #expect(try await ledger.lastID == nil)
        try await ledger.record([entry("10-9"), entry("10-10"), entry("9-99")])
        #expect(try await ledger.lastID == "10-10")
        try await ledger.record([entry("5-0")])
        #expect(try await ledger.lastID == "10-10")
        try await ledger.prune(before: 100)
        #expect(try await ledger.ids() == [])
        #expect(try await ledger.lastID == "10-10")
    }

    @Test func `what is older than a moment is pruned`() async throws {
        try await ledger.record(["1-0", "2-0", "3-0"].map { entry($0) })
        #expect(try await ledger.prune(before: 3) == 2)
        #expect(try await ledger.ids() == ["3-0"])
        #expect(try await ledger.prune(before: 3) == 0)
    }

    @Test(arguments: ["", "1", "1-", "-1", "1-0-0", "a-0", "+1-0", "01-0", "1--1", " 1-0", "9223372036854775808-0"])
    func `an id that is none records nothing of its batch`(id: String) async throws {
        let error = await #expect(throws: LedgerError.self) { try await ledger.record([entry("7-0"), entry(id)]) }
        #expect(error?.code == .badID)
        #expect(try await ledger.ids() == [])
        #expect(try await ledger.lastID == nil)
    }

    @Test func `what was recorded is there after the file is opened again`() async throws {
        try await ledger.record([entry("1-0"), entry("2-0")])
        try await ledger.close()
        let again = try await Ledger(path: directory.ledger)
        #expect(try await again.ids() == ["2-0", "1-0"])
        #expect(try await again.lastID == "2-0")
    }

    @Test func `a cancelled call says so and records nothing`() async throws {
        let task = Task { [ledger] in
            withUnsafeCurrentTask { $0?.cancel() }
            try await ledger.record([entry("1-0")])
        }
        let error = await #expect(throws: LedgerError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await ledger.ids() == [])
    }
}
