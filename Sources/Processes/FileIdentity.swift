import Glibc

/// Which file a path leads to, whatever it is called.
package struct FileIdentity: Sendable, Hashable {
    private var device: UInt64
    private var inode: UInt64

    /// Nil if nothing is there, or it can't be looked at. A link is followed. Waits for the disk.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// What stat(2) has told.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    package func isOnSameDisk(as other: FileIdentity) -> Bool { device == other.device }
}
