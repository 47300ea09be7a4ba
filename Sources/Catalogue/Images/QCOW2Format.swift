/// QEMU's own format: docs/interop/qcow2.txt of QEMU. All numbers are big-endian.
struct QCOW2Format: ContainerFormat {
    static let format = DiskFormat.qcow2

    /// Incompatible features (byte 72): compression type (3) and extended L2 entries (4) say how data is written. Dirty (0),
    /// corrupt (1) and external data file (2) are refused by name, all others because nobody here knows them.
    private enum Feature {
        static let dirty: UInt64 = 1
        static let corrupt: UInt64 = 2
        static let dataFile: UInt64 = 4
        static let compressionType: UInt64 = 8
        static let extendedL2: UInt64 = 16
    }

    static func recognizes(_ file: ImageFile) -> Bool { file.head.begins([0x51, 0x46, 0x49, 0xFB]) }

    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64 {
        let head = file.head
        let version = head.big(4, 4)
        guard version != 1 else {
            throw ImageError("it is in the old qcow format", "Convert it: qemu-img convert -O qcow2 OLD NEW.qcow2")
        }
        guard file.size >= (version == 2 ? 72 : 104) else { throw .damaged("qcow2 header") }
        guard version == 2 || version == 3 else { throw .unknown("qcow2 version \(version)") }
        guard head.big(8, 8) == 0, head.big(16, 4) == 0 else { throw .basedOnAnother }
        guard head.big(32, 4) == 0 else { throw .encrypted }
        let features = version == 2 ? 0 : head.big(72, 8)
        try check(features: features, compression: head.big(104, 1), headerLength: head.big(100, 4))

        let clusterBits = head.big(20, 4)
        guard (9...21).contains(clusterBits) else { throw .damaged("qcow2 header") }
        let size = head.big(24, 8)
        let layout = QCOW2Layout(
            file: file, size: size, clusterBits: clusterBits,
            entryBytes: features & Feature.extendedL2 == 0 ? 8 : 16,
            refcountBits: version == 2 ? 16 : 1 << min(head.big(96, 4), 7))
        var metadata = try extensions(
            file, from: version == 2 ? 72 : head.big(100, 4), cluster: layout.cluster)
        metadata += try layout.tables()
        try layout.checkEnd(metadata)
        return size
    }

    private static func check(
        features: UInt64, compression: UInt64, headerLength: UInt64
    ) throws(ImageError) {
        if features & Feature.dataFile != 0 { throw .dataElsewhere }
        if features & Feature.corrupt != 0 {
            throw ImageError("it is marked as corrupt", "Get it again, or mend it: qemu-img check -r all FILE")
        }
        if features & Feature.dirty != 0 { throw .notClosed }
        guard features & ~(Feature.compressionType | Feature.extendedL2) == 0 else {
            throw .unknown("qcow2 features (0x\(String(features, radix: 16)))")
        }
        if features & Feature.compressionType != 0 {
            // 0 is zlib, 1 is zstd.
            guard headerLength > 104, compression <= 1 else { throw .unknown("a qcow2 compression") }
        }
    }

    /// Goes through the header extensions: each a type, a length and its data, padded to 8 bytes.
    /// - Returns: Place and length of what they point to.
    private static func extensions(
        _ file: ImageFile, from start: UInt64, cluster: UInt64
    ) throws(ImageError) -> [QCOW2Layout.Piece] {
        guard start == 72 || start >= 104, start % 8 == 0, start <= cluster else { throw .damaged("qcow2 header") }
        let area = try file.read(0, min(cluster, file.size))
        var pieces: [QCOW2Layout.Piece] = []
        var offset = Int(start)
        while offset + 8 <= area.count {
            let type = area.big(offset, 4)
            let length = Int(area.big(offset + 4, 4))
            guard type != 0 else { break }
            guard length <= area.count - offset - 8 else { throw .damaged("qcow2 header") }
            switch type {
            case 0xE279_2ACA: throw .basedOnAnother  // format of the backing file
            case 0x4441_5441: throw .dataElsewhere  // name of the data file
            case 0x0537_BE77: throw .encrypted  // place of the encryption's header
            case 0x2385_2875 where length >= 24:  // bitmaps: number, reserved, length and place of their directory
                pieces.append(
                    QCOW2Layout.Piece(offset: area.big(offset + 24, 8), count: area.big(offset + 16, 8)))
            default: break  // the specification lets readers ignore all others
            }
            offset += 8 + (length + 7) / 8 * 8
        }
        return pieces
    }
}
