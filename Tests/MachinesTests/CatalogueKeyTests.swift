@testable import Catalogue
import Foundation
import Testing

struct CatalogueKeyTests {
    @Test func `the document of machines has the table of keys that the program has`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/machines.md"), encoding: .utf8)
        for entry in CatalogueSection.documentation {
            let keys = entry.keys.map { "`\($0)`" }.joined(separator: ", ")
            #expect(text.contains("| \(keys) | \(entry.meaning) |"), "\(keys)")
        }
        #expect(CatalogueSection.keys.count == 35)
    }

    @Test(arguments: [("2048", false), ("512", false), ("2048.0", true), ("2", true), ("1.5", true), ("200", true)])
    func `a memory that looks like MiB is asked back`(memory: String, isTaken: Bool) throws {
        let directory = "/tmp/qwd-keys-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory)/grub.iso", withDestinationPath: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
        try Data("[grub.iso]\nmemory=\(memory)\n".utf8).write(to: URL(filePath: "\(directory)/machines.conf"))
        let catalogue = Catalogue.load(files: ["\(directory)/machines.conf"], directory: directory)
        let machine = try #require(catalogue.machine(named: "grub.iso"))
        #expect((machine.memoryMiB != nil) == isTaken)
        let warning = catalogue.warnings.first { $0.description.contains("memory=") }
        #expect((warning == nil) == isTaken, "\(String(describing: warning))")
    }
}
