/// QEMU's former format: docs/interop/qed_spec.txt of QEMU. All numbers are little-endian.
struct QEDFormat: ContainerFormat {
    static let format = DiskFormat.qed

    static func recognizes(_ file: ImageFile) -> Bool { file.head.begins("QED\0") }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        let head = file.head
        guard file.size >= 64 else { throw .damaged("qed header") }
        let features = head.little(16, 8)
        // 0: backing file, 1: needs a check, 2: the backing file is raw.
        guard features & 5 == 0 else { throw .basedOnAnother }
        guard features & 2 == 0 else { throw .notClosed }
        guard features == 0 else { throw .unknown("qed features (0x\(String(features, radix: 16)))") }
        let cluster = head.little(4, 4)
        let table = head.little(8, 4)
        guard cluster.isPowerOfTwo, (4096...64 << 20).contains(cluster), table.isPowerOfTwo, table <= 16 else {
            throw .damaged("qed header")
        }
        let size = head.little(48, 8)
        let bytes = cluster * table
        guard size % 512 == 0, size <= cluster.clampedTimes(bytes / 8).clampedTimes(bytes / 8) else {
            throw .damaged("qed header")
        }
        let place = head.little(40, 8)
        guard place % cluster == 0, place > 0 else { throw .damaged("qed header") }
        let tables = try places(file.read(place, bytes)).filter { $0 > 1 }
        let step = max(UInt64(tables.count).clampedTimes(bytes).pieces(of: ImageFile.sampleLimit), 1)
        var end: UInt64 = 0
        for (index, place) in tables.enumerated() {
            guard place % cluster == 0 else { throw .damaged("qed table") }
            guard file.holds(place, bytes) else { throw .cutOff(file) }
            guard UInt64(index) % step == 0 || index == tables.count - 1 else { continue }
            // Zero and one mean that there is no data.
            for place in try places(file.read(place, bytes)) where place > 1 {
                guard place % cluster == 0 else { throw .damaged("qed table") }
                end = max(end, place.clampedPlus(cluster))
            }
        }
        guard end <= file.size else { throw .cutOff(file) }
        return size
    }

    private static func places(_ table: ImageHeader) -> [UInt64] {
        stride(from: 0, to: table.count, by: 8).map { table.little($0, 8) }
    }
}
