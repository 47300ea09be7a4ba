/// Bytes of disks, made by hand.
enum DiskBytes {
    /// The smallest CD that a BIOS starts: a volume, a boot record, and a catalogue with one entry.
    static var cd: [UInt8] {
        var disc = [UInt8](repeating: 0, count: 21 * 2048)
        let volume = 16 * 2048
        disc.put([1] + Array("CD001".utf8) + [1], at: volume)
        disc.put(little(21, 4) + little(21, 4).reversed(), at: volume + 80)
        disc.put(little(2048, 2) + little(2048, 2).reversed(), at: volume + 128)
        let record = 17 * 2048
        disc.put([0] + Array("CD001".utf8) + [1] + Array("EL TORITO SPECIFICATION".utf8), at: record)
        disc.put(little(19, 4), at: record + 0x47)
        disc.put([0xFF] + Array("CD001".utf8) + [1], at: 18 * 2048)
        let catalogue = 19 * 2048
        disc.put([1], at: catalogue)
        disc.put([0x55, 0xAA, 0x88], at: catalogue + 30)
        disc.put(little(1, 2) + little(20, 4), at: catalogue + 38)
        return disc
    }

    /// A boot sector with a partition table.
    static func mbr(_ partitions: [(type: UInt8, first: UInt64, count: UInt64)] = []) -> [UInt8] {
        var sector = [UInt8](repeating: 0, count: 512)
        for (index, partition) in partitions.enumerated() {
            sector.put([partition.type], at: 446 + index * 16 + 4)
            sector.put(little(partition.first, 4) + little(partition.count, 4), at: 446 + index * 16 + 8)
        }
        sector.put([0x55, 0xAA], at: 510)
        return sector
    }

    /// A disk with a GPT of one partition, and its copy in the last sector.
    static func gpt(sectors: UInt64, backup: UInt64? = nil, last: UInt64) -> [UInt8] {
        var disk = mbr([(0xEE, 1, 0xFFFF_FFFF)]) + [UInt8](repeating: 0, count: Int(sectors - 1) * 512)
        disk.put(Array("EFI PART".utf8) + [0, 0, 1, 0, 92, 0, 0, 0], at: 512)
        for (place, number) in [(24, 1), (32, backup ?? sectors - 1), (40, 34), (48, sectors - 34), (72, 2)] {
            disk.put(little(number, 8), at: 512 + place)
        }
        disk.put(little(128, 4) + little(128, 4), at: 512 + 80)
        disk.put([UInt8](repeating: 7, count: 16), at: 1024)
        disk.put(little(34, 8) + little(last, 8), at: 1024 + 32)
        return disk
    }

    static func little(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }

    static func number(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func big(_ number: UInt64, _ count: Int) -> [UInt8] { little(number, count).reversed() }
}

extension [UInt8] {
    mutating func put(_ bytes: some Collection<UInt8>, at offset: Int) {
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}
