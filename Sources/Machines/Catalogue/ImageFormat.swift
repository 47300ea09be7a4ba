/// What a machine's file is, from its own bytes. QEMU never guesses.
struct ImageFormat: Sendable, Hashable {
    var kind: Machine.Kind
    var format: DiskFormat

    static let iso = ImageFormat(kind: .iso, format: .raw)

    /// - Parameter path: Its extension says what a file without any mark is.
    init(of image: ImageBytes, path: String) throws(ImageProblem) {
        let isNamedISO = path.lowercased().hasSuffix(".iso")
        if let format = try Self.disk(image) {
            self.init(kind: .disk, format: format)
            return
        }
        // ISO 9660 8.1: the first volume descriptor is sector 16, its identifier one byte in.
        if image.begins("CD001", at: 0x8001) {
            self = .iso
            return
        }
        try Self.refuseOtherThings(image)
        if isNamedISO {
            guard image.size > 0x8800 else {
                throw ImageProblem("it is too short for a CD (\(image.size) bytes)", ImageProblem.again)
            }
            self = .iso
            return
        }
        let promised = DiskFormat(extensionOf: path) ?? .raw
        guard promised == .raw else {
            throw ImageProblem(
                "it is named as \(promised.rawValue) but does not begin like one",
                "\(ImageProblem.again) A raw disk needs format=raw in its section.")
        }
        self.init(kind: .disk, format: .raw)
    }

    init(kind: Machine.Kind, format: DiskFormat) {
        self.kind = kind
        self.format = format
    }

    private static func disk(_ image: ImageBytes) throws(ImageProblem) -> DiskFormat? {
        if image.bigEndian(0, bytes: 4) == 0x5146_49FB {  // "QFI\xFB"
            try checkQcow2(image)
            return .qcow2
        }
        if image.begins("KDMV") || image.begins("COWD") || image.begins("# Disk DescriptorFile") { return .vmdk }
        if image.begins("vhdxfile") { return .vhdx }
        if image.begins("QED\0") { return .qed }
        if image.bigEndian(0x40, bytes: 4) == 0x7F10_DABE { return .vdi }  // little-endian 0xBEDA107F
        if image.begins("conectix") || image.tailBegins("conectix") { return .vpc }
        return nil
    }

    /// docs/interop/qcow2.txt of QEMU: version at byte 4, L1 table's entries at 36 and place at 40. A file that ends before
    /// its L1 table was cut off on its way here.
    private static func checkQcow2(_ image: ImageBytes) throws(ImageProblem) {
        let version = image.bigEndian(4, bytes: 4)
        guard version != 1 else {
            throw ImageProblem("it is in the old qcow format", "Convert it: qemu-img convert -O qcow2 OLD NEW.qcow2")
        }
        guard (2...3).contains(version), (9...21).contains(image.bigEndian(20, bytes: 4)) else {
            throw ImageProblem("its qcow2 header is damaged", ImageProblem.again)
        }
        let (end, overflow) = image.bigEndian(40, bytes: 8)
            .addingReportingOverflow(8 * image.bigEndian(36, bytes: 4))
        guard !overflow, end <= UInt64(image.size) else {
            throw ImageProblem("it was cut off: \(image.size) bytes are not all of it", ImageProblem.again)
        }
    }

    /// Things that are often found under the name of a disk.
    private static func refuseOtherThings(_ image: ImageBytes) throws(ImageProblem) {
        let start = String(decoding: image.head.prefix(256), as: UTF8.self).lowercased()
        if start.contains("<!doctype html") || start.contains("<html") {
            throw ImageProblem("it is a web page, not a disk", "The download's address is wrong; get the image itself.")
        }
        if image.begins("ustar", at: 257) {
            throw ImageProblem("it is an archive", "Unpack it (tar -xf; an .ova has a .vmdk in it) and use the disk.")
        }
        let packed = [
            (0x1F8B, 2, "gzip -d"), (0xFD37_7A58, 4, "xz -d"), (0x28B5_2FFD, 4, "zstd -d"), (0x504B_0304, 4, "unzip"),
        ]
        for (magic, count, program) in packed where image.bigEndian(0, bytes: count) == UInt64(magic) {
            throw ImageProblem("it is compressed", "Unpack it first: \(program)")
        }
    }
}
