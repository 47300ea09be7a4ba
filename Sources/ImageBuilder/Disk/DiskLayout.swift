/// Where things are on the disk: a small FAT partition for the boot loader, the rest for the system.
///
/// The file is sparse: a large disk costs nothing and gives a session room.
enum DiskLayout {
    static let sectorSize = 512
    static let size = 10 << 30
    /// 1 MiB, where every partitioning tool puts the first one.
    static let bootOffset = 1 << 20
    static let bootSize = 48 << 20
    static let rootOffset = bootOffset + bootSize
    static let rootSize = size - rootOffset - (1 << 20)

    /// Input of sfdisk. Type e is FAT16 with LBA, 83 Linux.
    static let partitions = """
        label: dos
        start=\(bootOffset / sectorSize), size=\(bootSize / sectorSize), type=e, bootable
        start=\(rootOffset / sectorSize), size=\(rootSize / sectorSize), type=83

        """

    /// Arguments of mformat. It needs a geometry; the sectors before the partition are what a boot sector must know.
    static func formatBoot(_ disk: String) -> [String] {
        [
            "-i", mtools(disk), "-T", "\(bootSize / sectorSize)", "-h", "16", "-s", "63", "-H",
            "\(bootOffset / sectorSize)", "-v", "BOOT", "::",
        ]
    }

    /// mtools' name for the boot partition inside the disk's file.
    static func mtools(_ disk: String) -> String { "\(disk)@@\(bootOffset)" }

    /// Arguments of mke2fs for a file system with the tree `root` in it.
    ///
    /// The file is new and all zeros (`assume_storage_prezeroed`): without that the guest's kernel would write the inode
    /// tables at every first boot, into each session's overlay.
    static func formatRoot(_ disk: String, tree root: String) -> [String] {
        [
            "-q", "-F", "-t", "ext4", "-L", BootConfiguration.rootLabel, "-m", "0", "-J", "size=16", "-O",
            "^metadata_csum",
            "-E", "offset=\(rootOffset),assume_storage_prezeroed=1,root_owner=0:0", "-d", root, disk,
            "\(rootSize >> 10)k",
        ]
    }
}
