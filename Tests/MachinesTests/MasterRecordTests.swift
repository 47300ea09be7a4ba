import Catalogue
import Foundation
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A master image under a running machine` {
    private let kitchen: ImageKitchen
    private let paths: SessionPaths
    init() throws {
        kitchen = try ImageKitchen()
        paths = SessionPaths(run: kitchen.path("run"), disk: kitchen.path("disk"))
        try Files.makeDirectory(paths.run)
    }

    private func record() throws -> (path: String, record: MasterRecord) {
        let path = try kitchen.write("master, with\na line.iso", DiskBytes.cd)
        let record = MasterRecord(path: path, identity: try ImageKitchen.inspect(path).identity)
        try record.write(paths)
        #expect(MasterRecord(paths) == record)
        return (path, record)
    }

    @Test func `is as it was`() throws {
        let (path, record) = try record()
        #expect(record.problem() == "")
        // Rights and names are no change of the bytes.
        #expect(chmod(path, 0o444) == 0 && link(path, path + "2") == 0)
        #expect(record.problem() == "")
        #expect(unlink(path) == 0)
        #expect(record.problem() == "")
    }

    @Test func `was written over`() throws {
        let (path, record) = try record()
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        #expect(record.problem()?.contains("open for writing") == true)
        try writer.write(contentsOf: Data([7]))
        #expect(record.problem()?.contains("was changed") == true)
        try writer.close()
        #expect(record.problem()?.contains("mv, not cp") == true)
    }

    @Test func `is one of several, and one that its session writes to is no problem`() throws {
        let (path, record) = try record()
        let written = MasterRecord(path: path, identity: nil)
        try written.write(paths, .disk2)
        #expect(MasterRecord.all(paths) == [record, written])
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        #expect(written.problem() == "" && record.problem() != "")
        try writer.close()
    }

    @Test func `was replaced`() throws {
        let (path, record) = try record()
        let other = try kitchen.write("new.iso", DiskBytes.cd)
        #expect(rename(other, path) == 0)
        #expect(record.problem()?.contains("goes on with the old one") == true)
    }
}
