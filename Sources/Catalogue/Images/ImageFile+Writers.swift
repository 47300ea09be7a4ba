import Glibc

extension ImageFile {
    /// Bytes that QEMU locks in a file it has open: 100 and up for what it does with it (block/file-posix.c, bit 1: writes,
    /// bit 3: changes the length).
    private static let locksOfWriters: [Int] = [101, 103]

    /// Commands of fcntl(2) for Linux, from linux/fcntl.h and asm-generic/fcntl.h; Glibc's module shows only those of POSIX.
    private enum Command {
        static let setSignal: CInt = 10  // F_SETSIG
        static let setLease: CInt = 1024  // F_SETLEASE
        static let getDescriptionLock: CInt = 36  // F_OFD_GETLK
    }

    /// Whether somebody on this host has the file open for writing.
    ///
    /// Asked without disturbing anybody: a lease for reading is refused by the kernel while there is a writer, and is given
    /// back at once. It is not to be had for the file of another user without CAP_LEASE, or on some file systems; then only
    /// QEMU's own locks tell. A writer on another host of a network file system is not seen.
    package var isOpenForWriting: Bool {
        // Whoever opens the file in this moment waits for us, and we are told by a signal, whose default would end us;
        // this one is ignored by default.
        if fcntl(descriptor, Command.setSignal, SIGURG) == 0 {
            if fcntl(descriptor, Command.setLease, F_RDLCK) == 0 {
                _ = fcntl(descriptor, Command.setLease, F_UNLCK)
                return false
            }
            if errno == EAGAIN { return true }
        }
        return isLockedByWriter
    }

    /// Whether a QEMU has the file open for writing.
    var isLockedByWriter: Bool {
        Self.locksOfWriters.contains { byte in
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = byte
            lock.l_len = 1
            return fcntl(descriptor, Command.getDescriptionLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
        }
    }

    /// Whether the file is as it was when it was opened.
    var isUnchanged: Bool {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return false }
        return ImageIdentity(information, size: Int64(max(lseek(descriptor, 0, SEEK_END), 0))) == identity
    }
}
