@testable import Catalogue
import Domain
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

    @Test func `the document of scripts has a section for a Windows that is read`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/scripts.md"), encoding: .utf8)
        let section = try #require(text.split(separator: "```\n").first { $0.hasPrefix("[win.qcow2]") })
        let kitchen = try ImageKitchen()
        let disk = try kitchen.write("disk", DiskBytes.mbr([(type: 7, first: 64, count: 64)]), length: 1 << 20)
        try kitchen.run(
            "qemu-img", ["convert", "-f", "raw", "-O", "qcow2", disk, kitchen.path("win.qcow2")])
        try kitchen.write("machines.conf", Array(section.utf8))
        let catalogue = Catalogue.load(files: [kitchen.path("machines.conf")], directory: kitchen.directory)
        let machine = try #require(catalogue.machine(named: "win.qcow2"), "\(catalogue.warnings)")
        #expect(machine.system == .windows && machine.inject == .firstboot)
        #expect(
            machine.script?.source
                == .text("@echo off\nnet use Z: \\\\files.example.org\\home /user:@USER@ @PW@\n"))
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
