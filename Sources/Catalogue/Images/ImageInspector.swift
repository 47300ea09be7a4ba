/// A format that has a header of its own.
protocol ContainerFormat: SendableMetatype {
    static var format: DiskFormat { get }
    /// Whether the file has the format's mark.
    static func recognizes(_ file: ImageFile) -> Bool
    /// Checks that the file is whole and stands alone.
    /// - Returns: Size of the disk in bytes, as QEMU sees it.
    static func virtualSize(of file: ImageFile) throws(ImageError) -> UInt64
    /// How QEMU opens it: by the format's name, if nothing else is known to be better.
    static func driver(of file: ImageFile) -> DiskFormat
}

extension ContainerFormat {
    static func driver(of file: ImageFile) -> DiskFormat { format }
}

/// Finds out what a file is, from its own bytes.
///
/// It is a list of what is accepted: a whole disk that stands alone and that a machine can be started from. Everything else
/// is refused, with its name where it has a known mark. Nothing is taken from the file's name, and nothing is guessed: QEMU
/// opens whatever file of this host an image names, and would show it to the guest.
enum ImageInspector {
    private static let containers: [any ContainerFormat.Type] = [
        QCOW2Format.self, VMDKFormat.self, VHDXFormat.self, QEDFormat.self, VDIFormat.self, VHDFormat.self,
    ]

    static func inspect(_ file: ImageFile) throws(ImageError) -> DiskImage {
        try file.load()
        for container in containers where container.recognizes(file) {
            let size = try container.virtualSize(of: file)
            let driver = container.driver(of: file)
            let length = try sectors(size)
            return DiskImage(
                kind: .disk, format: container.format, driver: driver, virtualSizeBytes: length,
                identity: file.identity, isHybrid: false,
                survey: try BootSurvey { offset, count throws(ImageError) in
                    let rest = UInt64(length) > offset ? UInt64(length) - offset : 0
                    return rest == 0 ? nil : try GuestBytes.read(file, driver, offset, min(count, rest))
                })
        }
        let length = try sectors(file.size.pieces(of: 512) * 512)
        if CDImage.recognizes(file) {
            let survey = try CDImage.check(file)
            return DiskImage(
                kind: .iso, format: .raw, driver: .raw, virtualSizeBytes: length, identity: file.identity,
                isHybrid: (try? RawDisk.check(file)) != nil, survey: survey)
        }
        if let problem = ForeignFormat.problem(file) { throw problem }
        try RawDisk.check(file)
        return DiskImage(
            kind: .disk, format: .raw, driver: .raw, virtualSizeBytes: length, identity: file.identity, isHybrid: false,
            survey: try BootSurvey { offset, count throws(ImageError) in
                offset < file.size ? try file.read(offset, min(count, file.size - offset)) : nil
            })
    }

    /// Whole sectors of a disk's size.
    private static func sectors(_ size: UInt64) throws(ImageError) -> Int {
        // QEMU counts in sectors and in signed bytes.
        guard size >= 512, size <= 1 << 62 else {
            throw ImageError("its disk has \(size) bytes, which no disk has", ImageError.again)
        }
        return Int(size / 512 * 512)
    }
}
