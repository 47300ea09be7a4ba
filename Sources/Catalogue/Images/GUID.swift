/// A GUID as disks have it, of [MS-VHDX] and of partition tables: 16 bytes of which the first three numbers are little-endian.
struct GUID: Hashable {
    private let first: UInt64
    private let second: UInt64

    init(_ bytes: ImageHeader, at offset: Int) {
        first = bytes.little(offset, 8)
        second = bytes.big(offset + 8, 8)
    }

    private init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ rest: UInt64) {
        first = a | b << 32 | c << 48
        second = rest
    }

    static let blocks = GUID(0x2DC2_7766, 0xF623, 0x4200, 0x9D64_115E_9BFD_4A08)
    static let metadata = GUID(0x8B7C_A206, 0x4790, 0x4B9A, 0xB8FE_575F_050F_886E)
    static let fileParameters = GUID(0xCAA1_6737, 0xFA36, 0x4D43, 0xB3B6_33F0_AA44_E76B)
    static let diskSize = GUID(0x2FA5_4224, 0xCD1B, 0x4876, 0xB211_5DBE_D83B_F4B8)
    static let logicalSector = GUID(0x8141_BF1D, 0xA96F, 0x4709, 0xBA47_F233_A8FA_AB5F)
    static let physicalSector = GUID(0xCDA3_48C7, 0x445D, 0x4471, 0x9CC9_E988_5251_C556)
    static let page83 = GUID(0xBECA_12AB, 0xB2E6, 0x4523, 0x93EF_C309_E000_C746)
    static let parentLocator = GUID(0xA8D3_5F2D, 0xB30B, 0x454D, 0xABF7_D3D8_4834_AB0C)

    // Types of partitions: of the UEFI specification, of GRUB, of the Discoverable Partitions Specification, and of Microsoft.
    static let efiSystem = GUID(0xC12A_7328, 0xF81F, 0x11D2, 0xBA4B_00A0_C93E_C93B)
    static let biosBoot = GUID(0x2168_6148, 0x6449, 0x6E6F, 0x744E_6565_6445_4649)
    static let rootAMD64 = GUID(0x4F68_BCE3, 0xE8CD, 0x4DB1, 0x96E7_FBCA_F984_B709)
    static let rootARM64 = GUID(0xB921_B045, 0x1DF0, 0x41C3, 0xAF44_4C6F_280D_3FAE)
    /// Any file system of a Linux.
    static let linuxFiles = GUID(0x0FC6_3DAF, 0x8483, 0x4772, 0x8E79_3D69_D847_7DE4)
    static let microsoftReserved = GUID(0xE3C9_E316, 0x0B5C, 0x4DB8, 0x817D_F92D_F002_15AE)
}

/// The checksum of [MS-VHDX]: CRC-32C, polynomial 0x1EDC6F41 reflected.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
    }

    /// Whether the checksum at byte 4 is right; it is made with itself as zero.
    static func checks(_ bytes: ImageHeader) -> Bool {
        var sum = UInt32.max
        for (index, byte) in bytes.bytes.enumerated() {
            let byte = (4..<8).contains(index) ? 0 : byte
            sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8
        }
        return UInt64(~sum) == bytes.little(4, 4)
    }
}
