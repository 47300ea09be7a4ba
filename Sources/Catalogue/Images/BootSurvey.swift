/// How a disk or CD can be started, and whose system seems to be on it: found in its partition table and boot records.
package struct BootSurvey: Sendable, Hashable {
    package enum System: String, Sendable, Hashable {
        case unknown, windows
        /// A Linux whose partitions have types by architecture, as installers and images of the last ten years make them. Its
        /// kernel has virtio's drivers; that of Debian's cloud images has no others.
        case linux
    }

    package var byBIOS = false
    package var byUEFI = false
    package var architecture: MachineHardware.Architecture?
    package var system = System.unknown
    /// Whether a partition is there that may be a Linux's, whatever else is.
    package var hasLinux = false

    /// Nothing could be found out: what most machines are is taken.
    static let unknown = BootSurvey(byBIOS: true)
}

extension BootSurvey {
    /// A part of a disk as its guest sees it; nil if it can't be read.
    typealias Reader = (_ offset: UInt64, _ count: UInt64) throws(ImageError) -> ImageHeader?

    /// Looks at a disk.
    init(disk read: Reader) throws(ImageError) {
        guard let head = try read(0, 65_536), head.begins([0x55, 0xAA], at: 510) else {
            self = .unknown
            return
        }
        self.init()
        var system: (start: UInt64, length: UInt64)?
        if head.begins("EFI PART", at: 512) {
            system = readGPT(head)
        } else {
            system = readMBR(head)
            // The desktop that we build has virtio's drivers, and loads others a second later.
            for sector in Self.linuxPartitions(head) where try Self.label(at: sector, read) == "qwd-desktop" {
                self.system = .linux
            }
        }
        // No disk has so many sectors that their bytes could not be counted.
        if let system, system.start < 1 << 53, system.length < 1 << 53,
            let bytes = try read(system.start * 512, min(system.length * 512, 8 << 20))
        {
            byUEFI = true
            architecture = architecture ?? Self.architecture(in: bytes)
        }
        // Nothing else has a BIOS.
        if byBIOS, !byUEFI { architecture = architecture ?? .amd64 }
    }

    /// Master boot record: code in the first 440 bytes, four entries of 16 bytes from 446 on.
    private mutating func readMBR(_ head: ImageHeader) -> (start: UInt64, length: UInt64)? {
        byBIOS = !head.isZero(0..<440)
        var system: (UInt64, UInt64)?
        // A file system in place of a table begins with a jump.
        if head.little(0, 1) == 0xEB, head.begins("NTFS    ", at: 3) || head.begins("FAT", at: 54) { return nil }
        for entry in (0..<4).map({ 446 + $0 * 16 }) {
            switch head.little(entry + 4, 1) {
            case 0xEF: system = (head.little(entry + 8, 4), head.little(entry + 12, 4))
            // 0x07 is NTFS, 0x27 Windows' recovery.
            case 0x07, 0x27: self.system = .windows
            default: break
            }
        }
        hasLinux = !Self.linuxPartitions(head).isEmpty
        return system
    }

    /// First sectors of a master boot record's partitions for Linux.
    private static func linuxPartitions(_ head: ImageHeader) -> [UInt64] {
        (0..<4).map { 446 + $0 * 16 }.filter { head.little($0 + 4, 1) == 0x83 }.map { head.little($0 + 8, 4) }
    }

    /// The name of an ext file system: its superblock is 1024 bytes in, with its mark at 56 and its name at 120.
    private static func label(
        at sector: UInt64, _ read: Reader
    ) throws(ImageError) -> String? {
        guard let block = try read(sector * 512 + 1024, 1024), block.count == 1024, block.little(56, 2) == 0xEF53 else {
            return nil
        }
        return String(decoding: block.bytes[120..<136].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// UEFI specification 2.10, 5.3.3: entries with type, first and last sector, attributes.
    private mutating func readGPT(_ head: ImageHeader) -> (start: UInt64, length: UInt64)? {
        let table = Int(clamping: head.little(512 + 72, 8).clampedTimes(512))
        let size = Int(clamping: head.little(512 + 84, 4))
        let count = min(Int(clamping: head.little(512 + 80, 4)), 128)
        guard size >= 128, size <= 4096, table <= head.count else { return nil }
        var system: (UInt64, UInt64)?
        for entry in (0..<count).map({ table + $0 * size }) where entry + 128 <= head.count {
            // Of the attributes, bit 2 marks what a BIOS starts.
            if head.little(entry + 48, 8) & 4 != 0 { byBIOS = true }
            let first = head.little(entry + 32, 8)
            switch GUID(head, at: entry) {
            case .efiSystem:
                let last = head.little(entry + 40, 8)
                if first <= last, last < .max { system = (first, last - first + 1) }
            // Where GRUB's second part is.
            case .biosBoot: byBIOS = true
            case .rootAMD64: (architecture, self.system, hasLinux) = (.amd64, .linux, true)
            case .rootARM64: (architecture, self.system, hasLinux) = (.arm64, .linux, true)
            case .linuxFiles: hasLinux = true
            case .microsoftReserved: self.system = .windows
            default: break
            }
        }
        // Some loader that is not known here, as it has no other way.
        if system == nil, !head.isZero(0..<440) { byBIOS = true }
        return system
    }

    /// What the loaders that a FAT file system has at its fallback path are for (UEFI specification 2.10, 3.5.1.1), by their
    /// names in its directories.
    static func architecture(in fat: ImageHeader) -> MachineHardware.Architecture? {
        if fat.has("BOOTX64 EFI") { return .amd64 }
        return fat.has("BOOTAA64EFI") ? .arm64 : nil
    }
}
