/// Microsoft's Virtual Hard Disk Image Format Specification of 2006, which QEMU calls vpc. All numbers are big-endian.
///
/// A footer of 512 bytes ends the file. A dynamic disk has a copy of it at its start, a fixed disk begins with its data.
struct VHDFormat: ContainerFormat {
    static let format = DiskFormat.vpc
    private static let mark = "conectix"
    private enum Kind {
        static let fixed: UInt64 = 2
        static let dynamic: UInt64 = 3
        static let differencing: UInt64 = 4
    }
    /// Programs whose size field QEMU 7.2 believes. For all others, VirtualBox among them, it multiplies cylinders, heads and
    /// sectors, which may leave out the end of the disk; nothing tells it otherwise.
    private static let believed = ["win ", "qem2", "d2v ", "tap\0", "CTXS"]
    /// Cylinders, heads and sectors of a disk that is larger than these can say.
    private static let largestGeometry: UInt64 = 65_535 * 16 * 255

    static func recognizes(_ file: ImageFile) -> Bool {
        file.head.begins(mark) || footer(of: file).begins(mark)
    }

    /// A fixed disk is its data and a footer behind it. As a raw disk none of its sectors are out of reach.
    static func driver(of file: ImageFile) -> DiskFormat { file.head.begins(mark) ? .vpc : .raw }

    private static func footer(of file: ImageFile) -> ImageHeader {
        ImageHeader(bytes: file.tail.bytes.suffix(512))
    }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        let head = ImageHeader(bytes: Array(file.head.bytes.prefix(512)))
        let footer = footer(of: file)
        let isDynamic = head.begins(mark)
        // The kind first: that a disk has a parent is worth more to know than that its end is missing.
        let first = isDynamic ? head : footer
        guard first.big(60, 4) != Kind.differencing, footer.big(60, 4) != Kind.differencing || !footer.begins(mark)
        else { throw .basedOnAnother }
        guard footer.begins(mark), file.size > 512 else { throw .cutOff(file) }
        for header in [first, footer] {
            guard header.big(60, 4) == (isDynamic ? Kind.dynamic : Kind.fixed) else { throw .damaged("vhd footer") }
            guard hasChecksum(header, at: 64) else { throw .damaged("vhd footer") }
            guard header.big(12, 4) == 0x1_0000 else { throw .unknown("vhd version \(header.big(12, 4))") }
            guard header.big(84, 1) == 0 else { throw .notClosed }
        }
        guard first.big(48, 8) == footer.big(48, 8) else { throw .damaged("vhd footer") }
        let whole = first.big(48, 8)
        if isDynamic {
            guard size(first) >= whole else { throw .endUnseen }
            try check(dynamic: first, size: size(first), file)
            return size(first)
        }
        if whole > file.size - 512 { throw .cutOff(file) }
        return whole
    }

    private static func size(_ footer: ImageHeader) -> UInt64 {
        let geometry = footer.big(56, 2) * footer.big(58, 1) * footer.big(59, 1)
        if geometry == largestGeometry || believed.contains(where: { footer.begins($0, at: 28) }) {
            return footer.big(48, 8)
        }
        return geometry * 512
    }

    private static func check(dynamic footer: ImageHeader, size: UInt64, _ file: ImageFile) throws(ImageError) {
        let place = footer.big(16, 8)
        let header = try file.read(place, 1024)
        guard header.begins("cxsparse"), hasChecksum(header, at: 36) else { throw .damaged("vhd header") }
        guard header.isZero(40..<56) else { throw .basedOnAnother }
        let block = header.big(32, 4)
        let count = header.big(28, 4)
        guard block.isPowerOfTwo, block >= 512, count * block >= size else { throw .damaged("vhd header") }
        let table = try file.read(header.big(16, 8), count * 4)
        // Before each block, one bit for each of its sectors, in whole sectors.
        let length = (block / 512).pieces(of: 8 * 512) * 512 + block
        var end: UInt64 = 0
        for index in 0..<Int(count) {
            let sector = table.big(index * 4, 4)
            if sector != 0xFFFF_FFFF { end = max(end, sector * 512 + length) }
        }
        guard end <= file.size - 512 else { throw .cutOff(file) }
    }

    /// One's complement of the sum of all bytes but the checksum's own.
    private static func hasChecksum(_ header: ImageHeader, at offset: Int) -> Bool {
        var sum: UInt32 = 0
        for (index, byte) in header.bytes.enumerated() where !(offset..<offset + 4).contains(index) {
            sum &+= UInt32(byte)
        }
        return UInt64(~sum) == header.big(offset, 4)
    }
}
