extension ImageFormat {
    /// Refuses an image that has parts in another file. QEMU would open whatever file of this host it names, and the guest
    /// could read it.
    /// - Parameter format: As which QEMU will open it.
    static func checkStandsAlone(_ image: ImageBytes, as format: DiskFormat) throws(ImageProblem) {
        let flatten = "Make one file of it where it comes from: qemu-img convert -O qcow2 OLD NEW.qcow2"
        switch format {
        case .qcow2:
            // docs/interop/qcow2.txt of QEMU: place of the backing file's name at byte 8; from version 3 on the incompatible
            // features at 72, bit 2: the data is in another file.
            guard image.bigEndian(8, bytes: 8) == 0 else { throw ImageProblem("it is based on another file", flatten) }
            if image.bigEndian(4, bytes: 4) >= 3, image.bigEndian(72, bytes: 8) & 4 != 0 {
                throw ImageProblem("its data is in another file", flatten)
            }
        case .qed:
            // docs/interop/qed_spec.txt: features at byte 16, little-endian, bit 0: there is a backing file.
            guard image.bigEndian(16, bytes: 1) & 1 == 0 else {
                throw ImageProblem("it is based on another file", flatten)
            }
        case .vmdk:
            // A descriptor is a text that names the files of the disk; also one inside of a file whose capacity, 8 bytes at
            // 12, is zero (VMware's Virtual Disk Format 5.0). Snapshots name their parent.
            let text = String(decoding: image.head, as: UTF8.self).lowercased()
            let isDescriptor = image.begins("# Disk DescriptorFile")
            let isHollow = image.begins("KDMV") && image.bigEndian(12, bytes: 8) == 0
            guard !isDescriptor, !isHollow, !text.contains("parentfilenamehint") else {
                throw ImageProblem("its data is in other files", flatten)
            }
        case .raw, .vdi, .vhdx, .vpc:
            // QEMU opens no second file for these.
            break
        }
    }
}
