import Domain
import Foundation
import Ledger
import Testing

/// The file itself: who can read it, and what happens when it is no ledger.
@Suite(.timeLimit(.minutes(1)))
struct FileTests {
    let directory: LedgerDirectory

    init() throws { directory = try LedgerDirectory() }

    @Test func `only the owner can read a new ledger and what stands beside it`() async throws {
        let ledger = try await Ledger(path: directory.ledger)
        try await ledger.record([entry("1-0")])
        for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
            #expect(try directory.mode(of: name) == 0o600, "\(name)")
        }
    }

    @Test func `a ledger that others can read is closed to them`() async throws {
        try Data().write(to: URL(filePath: directory.ledger))
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: directory.ledger)
        let ledger = try await Ledger(path: directory.ledger)
        try await ledger.record([entry("1-0")])
        #expect(try directory.mode(of: "ledger.sqlite") == 0o600)
        #expect(try directory.mode(of: "ledger.sqlite-wal") == 0o600)
    }

    @Test(arguments: [100, 5000])
    func `a file that is no database is named with the way out, and left as it is`(size: Int) async throws {
        let text = Data(repeating: UInt8(ascii: "x"), count: size)
        try text.write(to: URL(filePath: directory.ledger))
        let writing = await Ledger.failure { () throws(LedgerError) in try await Ledger(path: directory.ledger) }
        #expect(writing?.code == .corrupt)
        #expect(writing?.description.hasPrefix("\(directory.ledger): the ledger is damaged") == true)
        #expect(writing?.description.contains("move it away") == true)
        let reading = await Ledger.failure { () throws(LedgerError) in try await Ledger(reading: directory.ledger) }
        #expect(reading?.code == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: directory.ledger)) == text)
    }

    @Test func `a database with damaged pages is named`() async throws {
        let ledger = try await Ledger(path: directory.ledger)
        let detail = String(repeating: "d", count: 400)
        try await ledger.record((1...200).map { entry("\($0)-0", detail: detail) })
        try await ledger.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["ledger.sqlite"])
        let file = try FileHandle(forUpdating: URL(filePath: directory.ledger))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xAA, count: Int(size) - 4096))
        try file.close()
        let error = await #expect(throws: LedgerError.self) {
            let damaged = try await Ledger(path: directory.ledger)
            _ = try await damaged.entries()
        }
        #expect(error?.code == .corrupt)
    }

    @Test func `a ledger of a newer version is left alone`() async throws {
        try await Ledger(path: directory.ledger).close()
        let other = try OtherProcess(directory.ledger)
        try await other.run("INSERT INTO grdb_migrations VALUES ('99 something new')")
        let writing = await Ledger.failure { () throws(LedgerError) in try await Ledger(path: directory.ledger) }
        let reading = await Ledger.failure { () throws(LedgerError) in try await Ledger(reading: directory.ledger) }
        #expect(writing?.code == .newer)
        #expect(reading?.code == .newer)
    }

    @Test func `a ledger that nobody has made yet is missing for who only reads`() async throws {
        let none = await Ledger.failure { () throws(LedgerError) in try await Ledger(reading: directory.ledger) }
        #expect(none?.code == .missing)
        #expect(!FileManager.default.fileExists(atPath: directory.ledger))
        try Data().write(to: URL(filePath: directory.ledger))
        let empty = await Ledger.failure { () throws(LedgerError) in try await Ledger(reading: directory.ledger) }
        #expect(empty?.code == .missing)
    }

    @Test func `a place where no file can be is named`() async throws {
        let path = directory.path
        let inDirectory = await Ledger.failure { () throws(LedgerError) in try await Ledger(path: path) }
        #expect(inDirectory?.code == .unreadable)
        let nowhere = path + "/none/ledger.sqlite"
        let missing = await Ledger.failure { () throws(LedgerError) in try await Ledger(path: nowhere) }
        #expect(missing?.code == .missing)
        #expect(missing?.description.hasPrefix("\(nowhere): ") == true)
    }
}
