import Foundation

/// Things that are no disks and are found under the name of one.
extension RefusedImages {
    static let foreign = marked + texts + odd

    private static let marks: [(name: String, reason: String, mark: [UInt8])] = [
        ("packed.7z", "archive", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]),
        ("packed.rar", "archive", Array("Rar!\u{1A}\u{7}\u{1}\0".utf8)),
        ("old.rar", "archive", Array("Rar!\u{1A}\u{7}\0".utf8)),
        ("packed.lz4", "lz4", [0x04, 0x22, 0x4D, 0x18]), ("packed.zst", "zstd", [0x28, 0xB5, 0x2F, 0xFD]),
        ("packed.lz", "lzip", Array("LZIP\u{1}".utf8)), ("packed.lzma", "lzma", [0x5D, 0, 0, 0x80, 0]),
        ("packed.zip", "archive", Array("PK\u{3}\u{4}".utf8)), ("empty.zip", "archive", Array("PK\u{5}\u{6}".utf8)),
        ("windows.wim", "wim", Array("MSWIM\0\0\0".utf8)), ("packed.cab", "archive", Array("MSCF\0\0".utf8)),
        ("packed.cpio", "archive", Array("070701".utf8)), ("package.deb", "archive", Array("!<arch>\n".utf8)),
        ("parallels.hdd", "Parallels", Array("WithouFreSpacExt".utf8)),
        ("evidence.E01", "EnCase", Array("EVF\t\r\n".utf8) + [0xFF, 0]),
        ("old-parallels.hdd", "Parallels", Array("WithoutFreeSpace".utf8)),
        ("root.squashfs", "squashfs", Array("hsqs".utf8)),
        ("program.efi", "a program", Array("MZ".utf8)), ("picture.png", "picture", [0x89, 0x50, 0x4E, 0x47]),
    ]

    private static let marked: [ImageCase] = marks.map { name, reason, mark in
        ImageCase(name, reason) { _ in mark + (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 129) } }
    }

    private static let words: [(name: String, reason: String, text: String)] = [
        ("machine.vmx", "description of a machine", ".encoding = \"UTF-8\"\nconfig.version = \"8\"\n"),
        ("appliance.ovf", "description of a machine", "<?xml version=\"1.0\"?>\n<Envelope/>\n"),
        ("machine.xml", "description of a machine", "<domain type='kvm'>\n</domain>\n"),
        ("answer.img", "JSON", "{\"error\":{\"code\":404}}\n"), ("list.img", "JSON", "  [1, 2]\n"),
        ("page.iso", "web page", "<!DOCTYPE html><html>Not found</html>"), ("bare.iso", "web page", "\n<HTML><BODY>"),
        ("pointer.img", "git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3221225472\n"),
        ("sum.img", "checksums", String(repeating: "b5bb9d80", count: 8) + "  debian.qcow2\n"),
        ("script.img", "script", "#!/bin/sh\nexit 0\n"), ("words.img", "a text", "Nicht gefunden: \u{FC}bel\n"),
        ("one.img", "a text", "x"), ("line.img", "a text", "\n"),
    ]

    private static let texts: [ImageCase] = words.map { name, reason, text in
        ImageCase(name, reason) { _ in Array(text.utf8) }
    }

    private static let odd: [ImageCase] = [
        ImageCase("empty.img", "empty") { _ in [] },
        ImageCase("mac.dmg", "Apple") { _ in
            [UInt8](repeating: 0, count: 4096) + Array("koly".utf8) + [UInt8](repeating: 0, count: 508)
        },
        ImageCase("program.img", "a program") { try $0.bytes("/usr/bin/env") },
        ImageCase("kernel.img", "kernel") { _ in
            DiskBytes.mbr() + [0, 0] + Array("HdrS".utf8) + [UInt8](repeating: 1, count: 4096)
        },
        ImageCase("utf16.img", "a text") { _ in [0xFF, 0xFE] + Array("<\0h\0t\0m\0l\0".utf8) },
        ImageCase("packed.gz", "gzip") { try $0.packed("gzip") },
        ImageCase("packed.bz2", "bzip2") { try $0.packed("bzip2") },
        ImageCase("packed.xz", "xz") { try $0.packed("xz") },
        ImageCase("new.tar", "archive") { try $0.tar("ustar") }, ImageCase("old.tar", "archive") { try $0.tar("v7") },
        ImageCase("swap.img", "file system") { kitchen in
            var disk = [UInt8](repeating: 1, count: 1 << 20)
            disk.put(Array("SWAPSPACE2".utf8), at: 4086)
            return disk
        },
        ImageCase("ext4.img", "file system") { kitchen in
            var disk = [UInt8](repeating: 0, count: 1 << 20)
            disk.put([0x53, 0xEF], at: 1080)
            return disk
        },
    ]

    /// A good image with some bytes changed.
    static func patched(
        _ name: String, _ reason: String, _ format: String, _ patches: [(Int, [UInt8])], at isWhole: Bool = false
    ) -> ImageCase {
        ImageCase(name, reason) { kitchen in
            var disk = try kitchen.convert(format)
            for (offset, bytes) in patches { disk.put(bytes, at: isWhole ? offset / 65_536 * 65_536 + 8 : offset) }
            return disk
        }
    }
}

/// Identifiers of [MS-VHDX] as they stand in a file.
enum VHDXMark {
    static let blocks: [UInt8] = [
        0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42, 0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08,
    ]
    static let parameters: [UInt8] = [
        0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B,
    ]
    static let page83: [UInt8] = [
        0xAB, 0x12, 0xCA, 0xBE, 0xE6, 0xB2, 0x23, 0x45, 0x93, 0xEF, 0xC3, 0x09, 0xE0, 0x00, 0xC7, 0x46,
    ]
    static let parentLocator: [UInt8] = [
        0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C,
    ]
}

extension ImageKitchen {
    /// A vmdk file with another descriptor.
    func descriptor(_ change: ([UInt8]) throws -> [UInt8]) throws -> [UInt8] {
        var disk = try create("vmdk")
        let text = Array(disk[512..<512 + 10_240].prefix { $0 != 0 })
        disk.put(try change(text), at: 512)
        return disk
    }

    /// A VHD with its footers changed, and their sums right.
    func vhd(_ option: String = "subformat=dynamic", _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
        var disk = try convert("vpc", "-o", option)
        for start in disk[0] == UInt8(ascii: "c") ? [0, disk.count - 512] : [disk.count - 512] {
            var footer = [UInt8](disk[start..<start + 512])
            change(&footer)
            footer.sumVHD(0..<512, at: 64)
            disk.put(footer, at: start)
        }
        return disk
    }

    /// A fixed VHD as VirtualBox writes it.
    func virtualBox(geometry: [UInt8]) throws -> [UInt8] {
        try vhd("subformat=fixed,force_size") {
            $0.put(Array("vbox".utf8), at: 28)
            $0.put(geometry, at: 56)
        }
    }

    /// A VHDX that is changed, with the place of its file parameters.
    func vhdx(_ change: (inout [UInt8], Int) throws -> Void) throws -> [UInt8] {
        var disk = try convert("vhdx")
        let entry = try disk.place(of: VHDXMark.parameters)
        let table = try disk.place(of: Array("metadata".utf8))
        try change(&disk, table + Int(DiskBytes.number(disk[entry + 16..<entry + 20])))
        return disk
    }

    func packed(_ program: String) throws -> [UInt8] {
        let path = try write("to-pack", bytes())
        try run(program, ["-k", "-f", path])
        return try bytes(path + (program == "gzip" ? ".gz" : program == "xz" ? ".xz" : ".bz2"))
    }

    func tar(_ format: String) throws -> [UInt8] {
        try write("inside", [UInt8](repeating: 3, count: 2000))
        try run("tar", ["--format=\(format)", "-cf", path("t"), "inside"])
        return try bytes(path("t"))
    }
}

extension [UInt8] {
    func replacing(_ old: String, _ new: String) throws -> [UInt8] {
        var copy = self
        copy.put(Array(new.utf8), at: try place(of: Array(old.utf8)))
        return copy
    }
}
