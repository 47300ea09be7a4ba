/// Microsoft's Virtual Hard Disk v2, [MS-VHDX]. All numbers are little-endian.
struct VHDXFormat: ContainerFormat {
    static let format = DiskFormat.vhdx

    static func recognizes(_ file: ImageFile) -> Bool { file.head.begins("vhdxfile") }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        let header = try currentHeader(file)
        // With a log there are writes to make up for, which nobody does in a file that is only read.
        guard header.isZero(48..<64) else { throw .notClosed }
        guard header.little(66, 2) == 1 else { throw .unknown("vhdx version \(header.little(66, 2))") }
        guard file.holds(header.little(72, 8), header.little(68, 4)) else { throw .cutOff(file) }

        let regions = try regions(file)
        guard let place = regions[.metadata], let table = regions[.blocks] else { throw .damaged("vhdx region table") }
        let metadata = try VHDXMetadata(file, place)
        let size = metadata.size
        let perBitmap = (UInt64(1) << 23) * 512 / metadata.block
        let blocks = size.pieces(of: metadata.block)
        // After so many blocks the table has one entry for a bitmap, which only a disk with a parent uses.
        let entries = blocks.clampedPlus(blocks > 0 ? (blocks - 1) / perBitmap : 0)
        guard entries.clampedTimes(8) <= table.count else { throw .damaged("vhdx region table") }
        let bytes = try file.read(table.offset, entries.clampedTimes(8))
        var end: UInt64 = 0
        for index in 0..<Int(entries) where UInt64(index) % (perBitmap + 1) != perBitmap {
            let entry = bytes.little(index * 8, 8)
            switch entry & 7 {
            case 0, 1, 2, 3, 5: continue  // not there, undefined, zero, unmapped (5 in early files)
            case 6: end = max(end, (entry & ~0xF_FFFF).clampedPlus(metadata.block))
            case 7: throw .basedOnAnother  // partly there: the rest is in the parent
            default: throw .damaged("vhdx block table")
            }
        }
        guard end <= file.size else { throw .cutOff(file) }
        return size
    }

    /// Of two headers, the intact one with the higher number.
    private static func currentHeader(_ file: ImageFile) throws(ImageError) -> ImageHeader {
        var current: ImageHeader?
        for offset: UInt64 in [64 << 10, 128 << 10] {
            let header = try file.read(offset, 4096)
            guard header.begins("head"), CRC32C.checks(header) else { continue }
            if let known = current, known.little(8, 8) >= header.little(8, 8) { continue }
            current = header
        }
        guard let current else { throw .damaged("vhdx header") }
        return current
    }

    struct Region {
        var offset: UInt64
        var count: UInt64
    }

    enum RegionKind { case blocks, metadata }

    private static func regions(_ file: ImageFile) throws(ImageError) -> [RegionKind: Region] {
        // QEMU reads the first of the two copies.
        let table = try file.read(192 << 10, 64 << 10)
        let count = table.little(8, 4)
        guard table.begins("regi"), CRC32C.checks(table), count <= 2047 else { throw .damaged("vhdx region table") }
        var regions: [RegionKind: Region] = [:]
        for entry in (0..<Int(count)).map({ 16 + $0 * 32 }) {
            let kind: RegionKind
            switch GUID(table, at: entry) {
            case GUID.blocks: kind = .blocks
            case GUID.metadata: kind = .metadata
            default:
                if table.little(entry + 28, 4) & 1 == 0 { continue }
                throw .unknown("a vhdx region")
            }
            let region = Region(offset: table.little(entry + 16, 8), count: table.little(entry + 24, 4))
            guard regions[kind] == nil, region.offset >= 1 << 20 else { throw .damaged("vhdx region table") }
            guard file.holds(region.offset, region.count) else { throw .cutOff(file) }
            regions[kind] = region
        }
        return regions
    }
}

/// What the metadata of a vhdx file says of the disk.
struct VHDXMetadata {
    private(set) var block: UInt64 = 0
    private(set) var size: UInt64 = 0

    init(_ file: ImageFile, _ region: VHDXFormat.Region) throws(ImageError) {
        let table = try file.read(region.offset, min(region.count, 64 << 10))
        let count = table.little(10, 2)
        guard table.begins("metadata"), count <= 2047 else { throw .damaged("vhdx metadata") }
        var sector: UInt64 = 0
        for entry in (0..<Int(count)).map({ 32 + $0 * 32 }) {
            let offset = table.little(entry + 16, 4)
            let length = table.little(entry + 20, 4)
            guard offset.clampedPlus(length) <= region.count else { throw .damaged("vhdx metadata") }
            let item = try file.read(region.offset.clampedPlus(offset), min(length, 4096))
            switch GUID(table, at: entry) {
            case GUID.fileParameters:
                block = item.little(0, 4)
                // Blocks stay allocated (0), has a parent (1).
                if item.little(4, 4) & 2 != 0 { throw .basedOnAnother }
                guard item.little(4, 4) & ~3 == 0 else { throw .unknown("vhdx features") }
            case GUID.parentLocator: throw .basedOnAnother
            case GUID.diskSize: size = item.little(0, 8)
            case GUID.logicalSector: sector = item.little(0, 4)
            case GUID.physicalSector, GUID.page83: break
            default:
                // Required (2).
                if table.little(entry + 24, 4) & 4 != 0 { throw .unknown("vhdx metadata") }
            }
        }
        guard block.isPowerOfTwo, (1 << 20...256 << 20).contains(block), size > 0 else {
            throw .damaged("vhdx metadata")
        }
        guard sector == 512 else {
            throw ImageError(
                "its disk has sectors of \(sector) bytes, and machines have 512", ImageError.flatten)
        }
    }
}
