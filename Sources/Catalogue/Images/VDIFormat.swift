/// VirtualBox's format, version 1.1, as QEMU's block/vdi.c reads it. All numbers are little-endian.
struct VDIFormat: ContainerFormat {
    static let format = DiskFormat.vdi
    /// QEMU reads blocks of no other size.
    private static let block: UInt64 = 1 << 20

    static func recognizes(_ file: ImageFile) -> Bool { file.head.little(0x40, 4) == 0xBEDA_107F }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        let head = file.head
        guard file.size >= 512 else { throw .cutOff(file) }
        guard head.little(0x44, 4) == 0x1_0001 else { throw .unknown("vdi version \(head.little(0x44, 4))") }
        // 1 grows, 2 has its full size; 3 and 4 are differences to another file, as are those with a parent's UUIDs.
        let kind = head.little(0x4C, 4)
        guard kind != 3, kind != 4, head.isZero(0x1A8..<0x1C8) else { throw .basedOnAnother }
        guard kind == 1 || kind == 2 else { throw .unknown("a vdi kind (\(kind))") }
        guard head.little(0x168, 4) == 512, head.little(0x178, 4) == block, head.little(0x17C, 4) == 0 else {
            throw .unknown("a vdi block size")
        }
        let size = head.little(0x170, 8).pieces(of: 512).clampedTimes(512)
        let blocks = head.little(0x180, 4)
        let map = head.little(0x154, 4)
        let data = head.little(0x158, 4)
        guard size.pieces(of: block) <= blocks, map % 512 == 0, map >= 512, data % 512 == 0, data >= map + blocks * 4
        else { throw .damaged("vdi header") }
        let table = try file.read(map, blocks * 4)
        var end: UInt64 = 0
        for index in 0..<Int(blocks) {
            let place = table.little(index * 4, 4)
            // The two highest numbers mean that there is no data.
            if place < 0xFFFF_FFFE { end = max(end, data + (place + 1) * block) }
        }
        guard end <= file.size else { throw .cutOff(file) }
        return size
    }
}
