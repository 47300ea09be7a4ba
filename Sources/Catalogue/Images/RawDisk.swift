/// A disk without a format of its own: bytes as they are on a disk, which begins with a boot sector.
enum RawDisk {
    /// Checks for a boot sector, and that every partition ends within the file.
    static func check(_ file: ImageFile) throws(ImageError) {
        let head = file.head
        guard file.size >= 512, head.begins([0x55, 0xAA], at: 510) else {
            throw ImageError(
                "it does not begin like a disk that can be started",
                "If it is a disk of another program, convert it: qemu-img convert -O qcow2 OLD NEW.qcow2")
        }
        let sectors = file.size.pieces(of: 512)
        if let volume = volumeSectors(head) {
            guard volume > 0, volume <= sectors else { throw .cutOff(file) }
            return
        }
        // The four entries of a master boot record begin with 0x80 or 0.
        let entries = (0..<4).map { 446 + $0 * 16 }
        guard entries.allSatisfy({ head.little($0, 1) & 0x7F == 0 }) else { throw .damaged("partition table") }
        for entry in entries {
            let kind = head.little(entry + 4, 1)
            if kind == 0 { continue }
            if kind == 0xEE {
                try checkGPT(file, sectors: sectors)
            } else if head.little(entry + 8, 4) + head.little(entry + 12, 4) > sectors {
                throw .cutOff(file)
            }
        }
    }

    /// Length of a file system that has the whole disk and begins with its own boot sector; nil if there is none.
    private static func volumeSectors(_ head: ImageHeader) -> UInt64? {
        guard head.little(0, 1) == 0xEB || head.little(0, 1) == 0xE9 else { return nil }
        if head.begins("EXFAT   ", at: 3) { return head.little(72, 8) }
        guard head.little(11, 2) == 512 else { return nil }
        if head.begins("NTFS    ", at: 3) { return head.little(40, 8) }
        guard head.begins("FAT", at: 54) || head.begins("FAT", at: 82) else { return nil }
        let short = head.little(19, 2)
        return short == 0 ? head.little(32, 4) : short
    }

    /// UEFI specification 2.10, 5.3: a header in sector 1 and a copy of it at the end.
    private static func checkGPT(_ file: ImageFile, sectors: UInt64) throws(ImageError) {
        let head = file.head
        let mark = "EFI PART"
        guard !head.begins(mark, at: 4096) || head.begins(mark, at: 512) else {
            throw ImageError(
                "it is of a disk with sectors of 4096 bytes, and machines have 512", ImageError.flatten)
        }
        guard file.size >= 1024 else { throw .cutOff(file) }
        guard head.begins(mark, at: 512), head.little(512 + 24, 8) == 1 else { throw .damaged("partition table (GPT)") }
        // Its copy, and the last sector that partitions may use.
        guard head.little(512 + 32, 8) < sectors, head.little(512 + 48, 8) < sectors else { throw .cutOff(file) }
        let count = head.little(512 + 80, 4)
        let size = head.little(512 + 84, 4)
        guard size >= 128, size <= 4096, count * size <= 1 << 20 else { throw .damaged("partition table (GPT)") }
        let table = try file.read(head.little(512 + 72, 8).clampedTimes(512), count * size)
        for entry in (0..<Int(count)).map({ $0 * Int(size) }) where !table.isZero(entry..<entry + 16) {
            guard table.little(entry + 40, 8) < sectors else { throw .cutOff(file) }
        }
    }
}
