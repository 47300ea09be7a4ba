/// VMware's sparse format with its descriptor inside: Virtual Disk Format 5.0. Numbers are little-endian, places are in
/// sectors of 512 bytes.
///
/// Told that a file is a vmdk, QEMU takes whatever has no other mark for a descriptor, a text that names the disk's files;
/// so a text is refused however it begins. A sparse file without a descriptor of its own is one part of a split disk.
struct VMDKFormat: ContainerFormat {
    static let format = DiskFormat.vmdk
    private static let mark = "KDMV"
    /// Written in the header's place of the table when a stream has it at its end, with another header beside it.
    private static let atEnd = UInt64.max
    private static let tableEntries: UInt64 = 512

    static func recognizes(_ file: ImageFile) -> Bool {
        file.head.begins(mark) || file.head.begins("COWD")
    }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        // ESX writes its sparse files beside a descriptor, and nearly always over a parent.
        guard file.head.begins(mark) else { throw .dataElsewhere }
        guard file.size >= 512 else { throw .cutOff(file) }
        let first = file.head
        try check(header: first, file)
        guard first.little(56, 8) == atEnd else { return try check(tables: first, file) }
        // The last three sectors: a marker, the header that counts, and the end of the stream.
        let last = ImageHeader(bytes: Array(file.tail.bytes.dropFirst(512)))
        guard file.size % 512 == 0, file.tail.count == ImageFile.tailLimit, last.begins(mark) else {
            throw .cutOff(file)
        }
        guard last.little(12, 8) == first.little(12, 8) else { throw .damaged("vmdk header") }
        try check(header: last, isLast: true, file)
        return try check(tables: last, file)
    }

    private static func check(
        header: ImageHeader, isLast: Bool = false, _ file: ImageFile
    ) throws(ImageError) {
        let version = header.little(4, 4)
        let flags = header.little(8, 4)
        guard (1...3).contains(version) else { throw .unknown("vmdk version \(version)") }
        // A header without a capacity only says where a descriptor is.
        guard header.little(12, 8) > 0 else { throw .dataElsewhere }
        // Newlines are checked (0), second directory (1), zeroed grains (2), packed (16), markers (17).
        guard flags & ~0x3_0007 == 0, header.little(77, 2) <= 1 else { throw .unknown("vmdk features") }
        guard flags & 1 == 0 || header.begins("\n \r\n", at: 73) else {
            throw ImageError("its bytes were changed as if it were a text", "Get it again, as a binary file.")
        }
        let place = header.little(28, 8)
        // The header at a stream's end need not tell the descriptor's place again.
        if isLast, place == 0 { return }
        guard place > 0, header.little(36, 8) > 0 else {
            throw ImageError("it is one part of a split disk", ImageError.flatten)
        }
        // QEMU reads 20 sectors from there, whatever the header says of the length.
        let offset = place.clampedTimes(512)
        let count = max(header.little(36, 8).clampedTimes(512), 20 * 512)
        guard offset < file.size else { throw .cutOff(file) }
        guard count <= 1 << 20 else { throw .damaged("vmdk header") }
        try VMDKDescriptor(file.read(offset, min(count, file.size - offset))).checkSelfContained()
    }

    /// - Returns: Size of the disk.
    private static func check(tables header: ImageHeader, _ file: ImageFile) throws(ImageError) -> UInt64 {
        let capacity = header.little(12, 8)
        let grain = header.little(20, 8)
        guard grain.isPowerOfTwo, (8...0x10000).contains(grain), header.little(44, 4) == tableEntries else {
            throw .damaged("vmdk header")
        }
        guard header.little(64, 8).clampedTimes(512) <= file.size else { throw .cutOff(file) }
        let count = capacity.pieces(of: grain * tableEntries)
        let directory = try file.read(header.little(56, 8).clampedTimes(512), count.clampedTimes(4))
        let isPacked = header.little(77, 2) == 1
        var end: UInt64 = 0
        let step = count.pieces(of: ImageFile.sampleLimit / (tableEntries * 4))
        for index in 0..<count where index % max(step, 1) == 0 || index == count - 1 {
            let place = directory.little(Int(index) * 4, 4)
            guard place > 0 else { continue }
            let table = try file.read(place * 512, tableEntries * 4)
            for entry in 0..<tableEntries {
                let sector = table.little(Int(entry) * 4, 4)
                // Zero and one mean that there is no data.
                guard sector > 1 else { continue }
                let guest = (index * tableEntries + entry).clampedTimes(grain)
                let length = isPacked ? 1 : min(grain, capacity > guest ? capacity - guest : 0)
                end = max(end, (sector + length) * 512)
            }
        }
        guard end <= file.size else { throw .cutOff(file) }
        if isPacked, end > 0 {
            // Before its data, the number of its sector in 8 bytes and its length in 4.
            let marker = try file.read(end - 512, 12)
            guard file.holds(end - 512, 12 + marker.little(8, 4)) else { throw .cutOff(file) }
        }
        return capacity.clampedTimes(512)
    }
}
