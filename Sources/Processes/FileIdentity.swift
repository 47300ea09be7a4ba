import Glibc

/// Which file a path leads to, whatever it is called.
package struct FileIdentity: Sendable, Hashable {
    private var device: UInt64
    private var inode: UInt64

    /// Nil if nothing is there, or it can't be looked at. A link is followed. Waits for the disk.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
