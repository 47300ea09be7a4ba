/// What a machine's file was found to be.
package struct DiskImage: Sendable, Hashable {
    package var kind: Machine.Kind
    package var format: DiskFormat
    /// How QEMU opens it.
    package var driver: DiskFormat
    /// Size of the disk as QEMU sees it, a multiple of 512; for a sparse or packed format it differs from the file's length.
    package var virtualSizeBytes: Int
    package var identity: ImageIdentity
    /// A CD that is a disk as well: written to a USB stick it starts.
    package var isHybrid: Bool
    package var survey = BootSurvey.unknown

    /// The image as the catalogue wants it.
    /// - Parameters:
    ///   - stated: What the section says about the format, as it is written there; nil if nothing.
    ///   - path: Its extension may promise a format.
    func resolved(stated: String?, path: String) throws(ImageError) -> DiskImage {
        let image = try named(stated, path: path)
        guard image.kind == .disk || survey.byBIOS || survey.byUEFI else {
            throw ImageError("nothing on this CD can be started", "A machine needs a CD that boots, or a disk.")
        }
        return image
    }

    /// The image as its section names it, whether it can be started or not.
    private func named(_ stated: String?, path: String) throws(ImageError) -> DiskImage {
        guard let stated else {
            if format == .raw, let promised = DiskFormat(extensionOf: path), promised != .raw {
                throw ImageError(
                    "it is named as \(promised.rawValue) but does not begin like one",
                    "\(ImageError.again) If it is \(name) all the same, write format=\(stateable) in its section.")
            }
            return self
        }
        if stated.lowercased() == "iso" {
            if kind == .iso { return self }
        } else {
            let wanted = try Self.format(stated)
            if kind == .disk, format == wanted { return self }
            if isHybrid, wanted == .raw {
                var disk = self
                disk.kind = .disk
                return disk
            }
        }
        throw ImageError(
            "its section says format=\(stated), but it is \(name)",
            "Write format=\(stateable), or leave the line out.")
    }

    private static func format(_ stated: String) throws(ImageError) -> DiskFormat {
        guard let format = DiskFormat(written: stated) else {
            let known = DiskFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ImageError("format=\(stated) is not known", "Known formats: iso, \(known).")
        }
        return format
    }

    private var stateable: String { kind == .iso ? "iso" : format.rawValue }

    private var name: String {
        kind == .iso ? "a CD image (ISO 9660)" : format == .raw ? "a raw disk" : "in the format \(format.rawValue)"
    }
}

extension DiskImage {
    /// What a file is as a machine's. Blocks its thread.
    /// - Parameter name: What it will be called: an extension may promise a format.
    package init(file path: String, named name: String) throws(ImageError) {
        try self.init(ImageFile(path: path), named: name)
    }

    /// The same of a file that is open.
    init(_ file: ImageFile, named name: String) throws(ImageError) {
        self = try ImageInspector.inspect(file).resolved(stated: nil, path: name)
    }
}
