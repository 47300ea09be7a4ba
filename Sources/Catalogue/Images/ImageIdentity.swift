package import Glibc

/// Which file this is and when it was last changed: of two looks at a path, the same identity means the same bytes.
package struct ImageIdentity: Sendable, Hashable {
    package var device: UInt64
    package var inode: UInt64
    /// Length in bytes.
    package var size: Int64
    /// Last change of the bytes, in nanoseconds since 1970.
    package var modified: Int64
    /// Last change of the bytes or of the file's owner, rights or names, in nanoseconds since 1970.
    package var changed: Int64

    package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    /// - Parameter size: Length of a block device, of which `stat` says nothing.
    package init(_ information: stat, size: Int64? = nil) {
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
        self.size = size ?? Int64(information.st_size)
        modified = Self.nanoseconds(information.st_mtim)
        changed = Self.nanoseconds(information.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        // Times beyond the year 2262 can be set on a file; what matters is that they differ.
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
