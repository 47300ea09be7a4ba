internal import Glibc

/// What changes when a file is written or replaced.
package struct FileStamp: Sendable, Hashable {
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    package init(_ path: String) {
        var status = stat()
        // A file that is not there is like no other.
        guard stat(path, &status) == 0 else {
            (inode, seconds, nanoseconds) = (0, 0, 0)
            return
        }
        inode = UInt64(status.st_ino)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
