import Domain
import Foundation
import Ledger
import Testing

/// A small disk of its own, in memory, unmounted with the value.
final class SmallDisk: Sendable {
    let directory: LedgerDirectory

    init?(kibibytes: Int) throws {
        directory = try LedgerDirectory()
        guard try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", directory.path) else {
            return nil
        }
    }

    deinit {
        // A mount left behind holds no more than its size.
        _ = try? Self.run("umount", "--lazy", directory.path)
    }

    /// Whether this user may mount anything here.
    static let isPossible = (try? SmallDisk(kibibytes: 64)) != nil

    private static func run(_ arguments: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: SmallDisk.isPossible, "mounting a small disk needs root; nothing is known about a full one"))
struct FullDiskTests {
    @Test func `a full disk is named, loses nothing that was recorded, and is over when there is room`() async throws {
        let disk = try #require(try SmallDisk(kibibytes: 512))
        let ballast = disk.directory.path + "/ballast"
        try Data(count: 128 << 10).write(to: URL(filePath: ballast))
        let ledger = try await Ledger(path: disk.directory.ledger)
        try await ledger.record([entry("1-0")])

        let large = String(repeating: "d", count: 400_000)
        let error = await #expect(throws: LedgerError.self) {
            try await ledger.record([entry("2-0"), entry("3-0", detail: large)])
        }
        #expect(error?.code == .full)
        #expect(error?.description.hasPrefix("\(disk.directory.ledger): no room for the ledger") == true)
        #expect(try await ledger.ids() == ["1-0"])
        #expect(try await ledger.lastID == "1-0")

        try FileManager.default.removeItem(atPath: ballast)
        try await ledger.record([entry("2-0")])
        #expect(try await ledger.ids() == ["2-0", "1-0"])
        try await ledger.close()
    }

    @Test func `a ledger that finds no room at all says so`() async throws {
        let disk = try #require(try SmallDisk(kibibytes: 64))
        try Data(count: 60 << 10).write(to: URL(filePath: disk.directory.path + "/ballast"))
        let error = await Ledger.failure { () throws(LedgerError) in try await Ledger(path: disk.directory.ledger) }
        #expect(error?.code == .full)
    }
}
