import Domain
import Ledger
import Testing

/// One file, several connections and processes.
@Suite(.timeLimit(.minutes(1)))
struct SharingTests {
    let directory: LedgerDirectory

    init() throws { directory = try LedgerDirectory() }

    @Test func `many open the same new file at once and record what overlaps`() async throws {
        let path = directory.ledger
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let ledger = try await Ledger(path: path)
                    for start in 0..<20 {
                        try await ledger.record((start..<start + 10).map { entry("\($0)-0", who: "\(number)") })
                    }
                    try await ledger.close()
                }
            }
            try await group.waitForAll()
        }
        let ids = try await Ledger(reading: path).ids(AuditQuery(limit: 1000))
        #expect(ids == (0..<29).reversed().map { "\($0)-0" })
    }

    @Test func `a reader sees what another process commits, and waits for nothing`() async throws {
        let writer = try await Ledger(path: directory.ledger)
        try await writer.record([entry("1-0")])
        let reader = try await Ledger(reading: directory.ledger, patience: .zero)
        let other = try OtherProcess(directory.ledger)
        try await other.run("BEGIN IMMEDIATE")
        try await other.run("INSERT INTO audit VALUES (2, 0, 2, 'bob', '', 'stop', '', '', 1)")
        #expect(try await reader.ids() == ["1-0"])
        #expect(try await Ledger(reading: directory.ledger, patience: .zero).ids() == ["1-0"])
        #expect(try await writer.ids() == ["1-0"])
        try await other.run("COMMIT")
        let after = try await reader.ids()
        #expect(after == ["2-0", "1-0"])
        #expect(try await writer.ids() == ["2-0", "1-0"])
    }

    @Test func `another process sees what we record`() async throws {
        let ledger = try await Ledger(path: directory.ledger)
        let other = try OtherProcess(directory.ledger)
        #expect(try await other.run("SELECT count(*) FROM audit") == "[(0,)]")
        try await ledger.record([entry("1-0", what: "s1")])
        #expect(
            try await other.run("SELECT ms, who, address, act, what FROM audit")
                == "[(1, 'alice', '192.0.2.1', 'create', 's1')]")
        #expect(try await other.run("PRAGMA journal_mode") == "[('wal',)]")
    }

    @Test func `a record waits until the other process is done`() async throws {
        let ledger = try await Ledger(path: directory.ledger, patience: .seconds(30))
        let other = try OtherProcess(directory.ledger)
        try await other.run("BEGIN IMMEDIATE")
        async let recorded: Void = ledger.record([entry("1-0")])
        try await other.run("INSERT INTO audit VALUES (2, 0, 2, 'bob', '', 'stop', '', '', 1)")
        #expect(try await Ledger(reading: directory.ledger).ids() == [])
        try await other.run("COMMIT")
        try await recorded
        #expect(try await ledger.ids() == ["2-0", "1-0"])
    }

    @Test func `a process that never lets go is an error after a while, not an endless wait`() async throws {
        let ledger = try await Ledger(path: directory.ledger, patience: .milliseconds(50))
        let other = try OtherProcess(directory.ledger)
        try await other.run("BEGIN IMMEDIATE")
        let error = await #expect(throws: LedgerError.self) { try await ledger.record([entry("1-0")]) }
        #expect(error?.code == .busy)
        try await other.run("ROLLBACK")
        try await ledger.record([entry("1-0")])
        #expect(try await ledger.ids() == ["1-0"])
    }

    @Test func `a reader changes nothing`() async throws {
        let writer = try await Ledger(path: directory.ledger)
        try await writer.record([entry("1-0")])
        try await writer.close()
        let reader = try await Ledger(reading: directory.ledger)
        let recorded = await #expect(throws: LedgerError.self) { try await reader.record([entry("2-0")]) }
        #expect(recorded?.code == .readOnly)
        let pruned = await #expect(throws: LedgerError.self) { try await reader.prune(before: 9) }
        #expect(pruned?.code == .readOnly)
        #expect(try await reader.ids() == ["1-0"])
        #expect(try await reader.lastID == "1-0")
    }
}
