/// Things that are often found under the name of a disk.
enum ForeignFormat {
    private struct Mark {
        var bytes: [UInt8]
        var offset: Int
        var problem: ImageError
    }

    /// Why the file is no disk, if it is a thing with a known mark.
    static func problem(_ file: ImageFile) -> ImageError? {
        let head = file.head
        if let mark = marks.first(where: { head.begins($0.bytes, at: $0.offset) }) { return mark.problem }
        // A few bytes further in may mean something else behind a boot sector.
        if !head.begins([0x55, 0xAA], at: 510),
            let mark = fileSystems.first(where: { head.begins($0.bytes, at: $0.offset) })
        {
            return mark.problem
        }
        // Apple's disk images end with a block of 512 bytes.
        if ImageHeader(bytes: file.tail.bytes.suffix(512)).begins("koly") {
            return foreign("an Apple disk image (dmg)")
        }
        if let problem = TextFile.problem(head) { return problem }
        if isOldTar(head) { return archive("tar -xf") }
        if head.isZero(0..<512), head.count >= 512 {
            return ImageError(
                "it begins with nothing but zeros", "\(ImageError.again) A blank disk starts nothing.")
        }
        return nil
    }

    private static let marks: [Mark] =
        [
            mark([0x1F, 0x8B], packed("gzip", "gzip -d")),
            mark([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], packed("xz", "xz -d")),
            mark("BZh", packed("bzip2", "bzip2 -d")), mark([0x28, 0xB5, 0x2F, 0xFD], packed("zstd", "zstd -d")),
            mark([0x04, 0x22, 0x4D, 0x18], packed("lz4", "lz4 -d")), mark([0x1F, 0x9D], packed("compress", "gzip -d")),
            mark([0x02, 0x21, 0x4C, 0x18], packed("lz4", "lz4 -d")), mark("LZIP", packed("lzip", "lzip -d")),
            mark([0x89, 0x4C, 0x5A, 0x4F], packed("lzop", "lzop -d")),
            mark([0x5D, 0, 0], packed("lzma", "xz -d --format=lzma")), mark("PK\u{3}\u{4}", archive("unzip")),
            mark("PK\u{5}\u{6}", archive("unzip")), mark("PK\u{7}\u{8}", archive("unzip")),
            mark([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], archive("7z x")), mark("Rar!\u{1A}\u{7}", archive("unrar x")),
            mark("ustar", at: 257, archive("tar -xf; an .ova has a .vmdk in it")),
            mark("07070", archive("cpio -i")), mark([0xC7, 0x71], archive("cpio -i")),
            mark("MSCF", archive("cabextract")),
            mark([0xED, 0xAB, 0xEE, 0xDB], archive("rpm2cpio")), mark("!<arch>", archive("ar x")),
        ]
        + [
            ("MSWIM\0\0\0", "a Windows installation image (wim)"), ("WithoutFreeSpace", "a Parallels disk"),
            ("WithouFreSpacExt", "a Parallels disk"), ("Bochs Virtual HD Image", "a Bochs disk"),
            ("EVF\t\r\n", "an EnCase image"), ("LVF\t\r\n", "an EnCase image"), ("AFF1", "an AFF image"),
            ("encrcdsa", "an encrypted Apple disk image (dmg)"), ("MComprHD", "a MAME disk"),
        ].map { mark($0, foreign($1)) }
        + [
            mark([0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE], .encrypted), mark("-FVE-FS-", at: 3, .encrypted),
            mark([0x7F, 0x45, 0x4C, 0x46], other("a program")),
            // A kernel of Linux has the mark of a boot sector, and one of a program before it.
            mark("HdrS", at: 0x202, other("a Linux kernel")), mark("MZ", other("a program")),
            mark([0xD0, 0x0D, 0xFE, 0xED], other("a device tree")), mark([0xBE, 0xBA, 0xFE, 0xCA], .dataElsewhere),
            mark("%PDF", other("a document (PDF)")), mark([0x89, 0x50, 0x4E, 0x47], other("a picture")),
            mark("REDIS", other("a Redis file")), mark("SQLite format 3", other("a database")),
        ]

    private static let fileSystems: [Mark] = [
        mark("hsqs", fileSystem("squashfs")), mark([0x53, 0xEF], at: 1080, fileSystem("ext4")),
        mark("XFSB", fileSystem("XFS")), mark("_BHRfS_M", at: 0x10040, fileSystem("btrfs")),
        mark("LABELONE", at: 512, fileSystem("LVM")), mark("SWAPSPACE2", at: 4086, fileSystem("swap space")),
    ]

    private static func mark(_ bytes: [UInt8], at offset: Int = 0, _ problem: ImageError) -> Mark {
        Mark(bytes: bytes, offset: offset, problem: problem)
    }

    private static func mark(_ text: String, at offset: Int = 0, _ problem: ImageError) -> Mark {
        mark(Array(text.utf8), at: offset, problem)
    }

    private static func packed(_ format: String, _ command: String) -> ImageError {
        ImageError("it is compressed with \(format)", "Unpack it first: \(command)")
    }

    private static func archive(_ command: String) -> ImageError {
        ImageError("it is an archive", "Unpack it (\(command)) and use the disk that is in it.")
    }

    private static func foreign(_ name: String) -> ImageError {
        ImageError("it is \(name)", "Convert it where it comes from, to qcow2, vmdk, vdi or a raw disk.")
    }

    private static func other(_ name: String) -> ImageError {
        ImageError("it is \(name), not a disk", ImageError.again)
    }

    private static func fileSystem(_ name: String) -> ImageError {
        ImageError("it is a file system (\(name)) without a boot sector", "Get the image of a whole disk.")
    }

    /// tar of Unix version 7 has no mark. Its first 512 bytes have their own sum in them, in octal at byte 148, made with
    /// spaces in its place.
    private static func isOldTar(_ head: ImageHeader) -> Bool {
        guard head.count >= 512 else { return false }
        var written = 0
        for byte in head.bytes[148..<156] where (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) {
            written = written * 8 + Int(byte - UInt8(ascii: "0"))
        }
        let sum = head.bytes[..<512].enumerated().reduce(0) { sum, element in
            sum + ((148..<156).contains(element.offset) ? 32 : Int(element.element))
        }
        return written > 8 * 32 && sum == written
    }
}
