@testable import Catalogue
import Foundation
import Testing

/// A machines directory of real files with a catalogue beside them.
private struct Farm: ~Copyable {
    let directory: String
    var catalogueFile: String { directory + "/machines.conf" }

    init() throws {
        directory = NSTemporaryDirectory() + "qwd-catalogue-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func write(_ name: String, _ bytes: [UInt8], length: Int? = nil) throws {
        let path = "\(directory)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        if let length { truncate(path, length) }
    }

    func writeISO(_ name: String) throws {
        try write(name, DiskBytes.cd)
    }

    func writeDisk(_ name: String, format: String, options: [String] = []) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/qemu-img")
        // Names in options are relative to where the program runs.
        process.currentDirectoryURL = URL(filePath: directory)
        process.arguments = ["create", "-q", "-f", format] + options + ["\(directory)/\(name)", "64M"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    func load(_ text: String) throws -> Catalogue {
        try Data(text.utf8).write(to: URL(filePath: catalogueFile))
        return Catalogue.load(files: [catalogueFile], directory: directory)
    }
}

@Suite struct `The catalogue` {
    @Test func `a file of the reference loads unchanged`() throws {
        let farm = try Farm()
        try farm.writeISO("slax.iso")
        try farm.writeISO("dsl.iso")
        try farm.write("old.raw", DiskBytes.mbr(), length: 1 << 20)
        let catalogue = try farm.load(
            """
            ; machines that can be downloaded
            # and a comment of the other kind

            [slax.iso]
            url=https://example.org/slax-64bit.iso
            description=Slax; Linux with "KDE" = nice, 2 GB [x86_64]

            [dsl.iso]
            url=https://example.org/dsl.iso

              [old.raw]
              description = An old machine
            """)
        #expect(catalogue.warnings.isEmpty)
        #expect(catalogue.machines.map(\.name) == ["slax.iso", "dsl.iso", "old.raw"])
        #expect(
            catalogue.machines.map(\.description)
                == ["Slax; Linux with \"KDE\" = nice, 2 GB [x86_64]", "dsl.iso", "An old machine"])
        #expect(catalogue.machines.map(\.kind) == [.iso, .iso, .disk])
        #expect(
            catalogue.machines.allSatisfy { $0.hardware.architecture == .amd64 && $0.cpu == nil && $0.memoryMiB == nil }
        )
    }

    @Test func `a file from a Windows editor loads as well`() throws {
        let farm = try Farm()
        try farm.writeISO("a.iso")
        try farm.writeISO("b.iso")
        let catalogue = try farm.load(
            "\u{FEFF}; first\r\n[a.iso]\r\ndescription=one \\\r\n  line\r\n\r\n[b.iso]\r\ndescription=\"two\"\r\n")
        #expect(catalogue.warnings.isEmpty)
        #expect(catalogue.machines.map(\.description) == ["one line", "two"])
    }

    @Test func `further keys say what a machine needs and where it is`() throws {
        let farm = try Farm()
        let elsewhere = try Farm()
        try elsewhere.writeDisk("disk", format: "vpc")
        let catalogue = try farm.load(
            """
            [big]
            description=Big
            path=\(elsewhere.directory)/disk
            format=VHD
            memory=1.5
            cpu=2
            arch=amd64
            """)
        let machine = try #require(catalogue.machines.first)
        #expect(machine.name == "big" && machine.description == "Big" && machine.path == elsewhere.directory + "/disk")
        #expect(machine.kind == .disk && machine.format == .vpc && machine.cpu == 2 && machine.memoryMiB == 1536)
        #expect(catalogue.warnings.isEmpty)
    }

    @Test(
        arguments: [
            (DiskFormat.qcow2, "qcow2", []), (.vdi, "vdi", []), (.vmdk, "vmdk", []),
            (.vpc, "vpc", []),
            (.vpc, "vpc", ["-o", "subformat=fixed"]), (.vhdx, "vhdx", []), (.qed, "qed", []),
        ] as [(DiskFormat, String, [String])])
    func `a disk's format is read from its own bytes`(format: DiskFormat, name: String, options: [String]) throws {
        let farm = try Farm()
        try farm.writeDisk("machine.img", format: name, options: options)
        let catalogue = try farm.load("[machine.img]")
        #expect(catalogue.warnings.isEmpty)
        let machine = try #require(catalogue.machines.first)
        #expect(machine.format == format)
        #expect(machine.kind == .disk)
        let attributes = try FileManager.default.attributesOfItem(atPath: machine.path)
        #expect(machine.sizeBytes == attributes[.size] as? Int)
        #expect(machine.identity?.inode == (attributes[.systemFileNumber] as? NSNumber)?.uint64Value)
    }

    @Test(arguments: ["raw", "vmdk", "iso"]) func `a stated format never overrides the bytes`(format: String) throws {
        let farm = try Farm()
        try farm.writeDisk("nested.img", format: "qcow2")
        let catalogue = try farm.load("[nested.img]\nformat=\(format)")
        #expect(catalogue.machines.isEmpty)
        #expect(
            catalogue.warnings.map(\.problem) == ["its section says format=\(format), but it is in the format qcow2"])
        #expect(try farm.load("[nested.img]\nformat=qcow2").machines.map(\.format) == [.qcow2])
    }

    @Test func `a later file replaces a section of an earlier one`() throws {
        let farm = try Farm()
        try farm.writeISO("a.iso")
        try farm.writeISO("b.iso")
        let second = farm.directory + "/more.conf"
        try Data("[a.iso]\ndescription=second".utf8).write(to: URL(filePath: second))
        try Data("[a.iso]\ndescription=first\n[b.iso]".utf8).write(to: URL(filePath: farm.catalogueFile))
        let catalogue = Catalogue.load(files: [farm.catalogueFile, second], directory: farm.directory)
        #expect(catalogue.machines.map(\.description) == ["second", "b.iso"])
    }

    @Test func `one missing file of several is no news, all missing is`() throws {
        let farm = try Farm()
        try farm.writeISO("a.iso")
        try Data("[a.iso]".utf8).write(to: URL(filePath: farm.catalogueFile))
        let absent = farm.directory + "/absent.conf"
        let some = Catalogue.load(files: [absent, farm.catalogueFile], directory: farm.directory)
        #expect(some.machines.map(\.name) == ["a.iso"])
        #expect(some.warnings.isEmpty)
        let none = Catalogue.load(files: [absent], directory: farm.directory)
        #expect(none.machines.isEmpty)
        #expect(none.warnings.map(\.file) == [absent])
    }

    @Test func `a title may be an address or a path`() throws {
        let farm = try Farm()
        try farm.writeISO("tiny.iso")
        let catalogue = try farm.load(
            "[https://example.org/a/tiny.iso]\n[\(farm.directory)/tiny.iso]\ndescription=by path")
        #expect(catalogue.machines.map(\.path) == [farm.directory + "/tiny.iso"])
    }

    @Test func `a symbolic link may lead anywhere`() throws {
        let farm = try Farm()
        let elsewhere = try Farm()
        try elsewhere.writeISO("rescue.iso")
        try FileManager.default.createSymbolicLink(
            atPath: farm.directory + "/rescue.iso", withDestinationPath: elsewhere.directory + "/rescue.iso")
        let catalogue = try farm.load("[rescue.iso]")
        #expect(catalogue.machines.map(\.kind) == [.iso])
    }
}

@Suite struct `A machine outside the catalogue` {
    @Test func `an ISO is found by its file name`() throws {
        let farm = try Farm()
        try farm.writeISO("live.iso")
        try farm.writeISO("live-without-extension")
        let catalogue = try farm.load("")
        #expect(catalogue.machines.isEmpty)
        #expect(catalogue.machine(named: "live.iso")?.path == farm.directory + "/live.iso")
        #expect(catalogue.machine(named: "live-without-extension")?.kind == .iso)
    }

    @Test func `a disk is not offered before the catalogue names it`() throws {
        let farm = try Farm()
        try farm.writeDisk("private.qcow2", format: "qcow2")
        #expect(try farm.load("").machine(named: "private.qcow2") == nil)
        #expect(try farm.load("[private.qcow2]").machine(named: "private.qcow2")?.format == .qcow2)
    }

    @Test(arguments: [
        "../live.iso", "sub/live.iso", "/etc/passwd", ".hidden.iso", "-live.iso", "", "a b.iso", "liv\u{e9}.iso",
    ])
    func `a name never leaves the directory`(name: String) throws {
        let farm = try Farm()
        try FileManager.default.createDirectory(atPath: farm.directory + "/sub", withIntermediateDirectories: true)
        for file in ["live.iso", "sub/live.iso", ".hidden.iso", "-live.iso", "a b.iso"] { try farm.writeISO(file) }
        #expect(try farm.load("").machine(named: name) == nil)
    }

    @Test func `names have at most 64 characters`() {
        #expect(Machine.isValid(name: String(repeating: "a", count: 64)))
        #expect(!Machine.isValid(name: String(repeating: "a", count: 65)))
    }
}

@Suite struct `A mistake in the catalogue` {
    /// The single warning of a catalogue in which `good.iso` must be offered all the same.
    private func warning(_ text: String, prepare: (borrowing Farm) throws -> Void = { _ in }) throws -> CatalogueWarning
    {
        let farm = try Farm()
        try farm.writeISO("good.iso")
        try prepare(farm)
        let catalogue = try farm.load(text + "\n[good.iso]\n")
        #expect(catalogue.machines.contains { $0.name == "good.iso" })
        #expect(catalogue.warnings.count == 1)
        return try #require(catalogue.warnings.first)
    }

    @Test(
        arguments: [
            ("description=x", 1, "before the first section"),
            ("[good", 1, "no section title"),
            ("; fine\n[bad name.iso]\nurl=x\nnonsense", 2, "can't be the name"),
            ("[../x.iso/..]", 1, "can't be the name"),
            ("[good.iso]\njust words", 2, "no key=value"),
            ("[good.iso]\ncolour=red", 2, "no key of a machine"),
        ])
    func `is named with its file and line`(text: String, line: Int, problem: String) throws {
        let farm = try Farm()
        try farm.writeISO("good.iso")
        try farm.writeISO("fine.iso")
        let catalogue = try farm.load(text + "\n[fine.iso]\n")
        #expect(catalogue.machines.contains { $0.name == "fine.iso" })
        let warning = try #require(catalogue.warnings.first)
        #expect(warning.line == line)
        #expect(warning.problem.contains(problem))
        #expect(warning.description.contains("machines.conf:\(line): "))
        #expect(!warning.advice.isEmpty)
    }

    @Test(arguments: ["arm64", "aarch64", "i386", "riscv64", "x 86"])
    func `in the architecture leaves the machine out, which would start as another one`(name: String) throws {
        let warning = try warning("[arm.iso]\narch=\(name)") { try $0.writeISO("arm.iso") }
        #expect(warning.problem.contains("arch=\(name)") && warning.advice.contains("x86_64"))
        #expect(warning.machine == "arm.iso" && warning.line == 2)
    }

    @Test(arguments: ["amd64", "AMD64", "x86_64", "x86-64", ""])
    func `the architecture of machines here may be said`(name: String) throws {
        let farm = try Farm()
        try farm.writeISO("good.iso")
        #expect(try farm.load("[good.iso]\narch=\(name)").machines.map(\.hardware.architecture) == [.amd64])
    }

    @Test(arguments: [("memory=much", "no number"), ("cpu=-1", "no number")])
    func `in a need leaves the need out and the machine in`(line: String, problem: String) throws {
        let farm = try Farm()
        try farm.writeISO("good.iso")
        let catalogue = try farm.load("[good.iso]\n\(line)")
        #expect(catalogue.machines.map(\.name) == ["good.iso"])
        #expect(catalogue.warnings.map(\.line) == [2])
        #expect(catalogue.warnings.first?.problem.contains(problem) == true)
    }

    @Test func `twice the same section counts the second`() throws {
        let farm = try Farm()
        try farm.writeISO("good.iso")
        let catalogue = try farm.load("[good.iso]\ndescription=one\n[good.iso]\ndescription=two")
        #expect(catalogue.machines.map(\.description) == ["two"])
        #expect(catalogue.warnings.first?.problem.contains("twice") == true)
    }

    @Test func `a file that is not there leaves the machine out and says how to get it`() throws {
        let missing = try warning("[slax.iso]\nurl=https://example.org/slax.iso")
        #expect(missing.machine == "slax.iso")
        #expect(missing.problem == "it is not there")
        #expect(missing.advice.contains("https://example.org/slax.iso"))
        #expect(try warning("[slax.iso]").advice.contains("Put the file there"))
    }

    @Test(
        arguments: [
            ("empty.qcow2", [], "empty"),
            ("short.iso", [1, 2], "does not begin like a disk"),
            ("liar.vmdk", DiskBytes.mbr(), "does not begin like one"),
            ("page.iso", Array("<!DOCTYPE html><html>Not found".utf8), "web page"),
            ("packed.img", [0x1F, 0x8B, 8, 0], "compressed"),
            ("cut.qcow2", [0x51, 0x46, 0x49, 0xFB, 0, 0], "damaged"),
        ] as [(String, [UInt8], String)])
    func `a corrupt file is left out`(name: String, bytes: [UInt8], problem: String) throws {
        let warning = try warning("[\(name)]") { try $0.write(name, bytes) }
        #expect(warning.problem.contains(problem))
        #expect(warning.file.hasSuffix("/" + name))
        #expect(!warning.advice.isEmpty)
    }

    @Test(
        arguments: [
            ("qcow2", ["-b", "secret", "-F", "raw"]), ("qcow2", ["-o", "data_file=outside.raw"]),
            ("qed", ["-b", "secret", "-F", "raw"]), ("vmdk", ["-o", "subformat=monolithicFlat"]),
            ("vmdk", ["-o", "subformat=twoGbMaxExtentFlat"]), ("vmdk", ["-o", "subformat=twoGbMaxExtentSparse"]),
            ("vmdk", ["-b", "parent.vmdk", "-F", "vmdk"]),
        ], [false, true])
    func `a disk that has parts in another file of this host is left out`(
        disk: (format: String, options: [String]), isStated: Bool
    ) throws {
        let warning = try warning("[machine.img]" + (isStated ? "\nformat=\(disk.format)" : "")) { farm in
            try farm.write("secret", [UInt8](repeating: 7, count: 1 << 20))
            try farm.writeDisk("parent.vmdk", format: "vmdk")
            try farm.writeDisk("machine.img", format: disk.format, options: disk.options)
        }
        #expect(warning.problem.contains("other file") || warning.problem.contains("another file"), "\(warning)")
        #expect(warning.advice.contains("qemu-img convert"))
    }

    @Test func `a description of a disk that is filled up with zeros is one all the same`() throws {
        let warning = try warning("[machine.vmdk]") { farm in
            try farm.writeDisk("machine.vmdk", format: "vmdk", options: ["-o", "subformat=monolithicFlat"])
            // As qemu-img convert leaves it.
            truncate(farm.directory + "/machine.vmdk", 20 * 512)
        }
        #expect(warning.problem.contains("other files"))
        #expect(warning.advice.contains("qemu-img convert"))
    }

    @Test func `a qcow2 file that was cut off on its way is left out`() throws {
        let warning = try warning("[half.qcow2]") {
            try $0.writeDisk("half.qcow2", format: "qcow2")
            truncate($0.directory + "/half.qcow2", 100_000)
        }
        #expect(warning.problem.contains("cut off"))
    }

    @Test func `a directory, a FIFO and a link in a circle are left out`() throws {
        let farm = try Farm()
        try FileManager.default.createDirectory(atPath: farm.directory + "/folder", withIntermediateDirectories: true)
        try #require(mkfifo(farm.directory + "/pipe", 0o600) == 0)
        try #require(symlink("circle", farm.directory + "/circle") == 0)
        let catalogue = try farm.load("[folder]\n[pipe]\n[circle]")
        #expect(catalogue.machines.isEmpty)
        #expect(
            catalogue.warnings.map(\.problem)
                == ["it is a directory", "it is no file", "its symbolic links lead in a circle"])
    }

    @Test func `dots that lead out of the directory are refused`() throws {
        let warning = try warning("[good2.iso]\npath=../good.iso")
        #expect(warning.problem.contains(".."))
        #expect(warning.line == 2)
    }

    @Test func `a format that nobody knows is named`() throws {
        let warning = try warning("[disk.img]\nformat=zip") { try $0.write("disk.img", DiskBytes.mbr()) }
        #expect(warning.problem.contains("format=zip"))
        #expect(warning.advice.contains("vhdx"))
    }
}
