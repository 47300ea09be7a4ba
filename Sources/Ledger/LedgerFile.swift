#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The file under a ledger, before SQLite has it.
///
/// Nothing here opens the file: closing a descriptor would end the locks that SQLite holds on it in the same process
/// (fcntl(2), "How To Corrupt An SQLite Database File" 2.2).
enum LedgerFile {
    /// What SQLite makes beside it (`-wal`, `-shm`) gets the same mode.
    private static let mode: mode_t = 0o600

    /// Makes an empty file if there is none, which is an empty database; takes others' access away if there is one.
    static func prepare(_ path: String) throws(LedgerError) {
        guard mknod(path, S_IFREG | mode, 0) == 0 || errno == EEXIST else { throw failure(path) }
        let status = try status(path)
        guard status.st_mode & 0o077 == 0 || chmod(path, mode) == 0 else { throw failure(path) }
    }

    static func checkExists(_ path: String) throws(LedgerError) { _ = try status(path) }

    /// Holds a lock on the directory meanwhile, `LOCK_EX` or `LOCK_SH` (flock(2)): who opens a ledger must not meet it
    /// half made by another process. Waits until nobody else holds one.
    static func withDirectoryLocked<Value>(
        _ lock: Int32, of path: String, _ work: () throws -> Value
    ) throws -> Value {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        // Closing it ends the lock.
        defer { close(descriptor) }
        while flock(descriptor, lock) != 0 {
            guard errno == EINTR else { throw failure(path) }
        }
        return try work()
    }

    private static func status(_ path: String) throws(LedgerError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LedgerError(.unreadable, path: path, detail: "it is no file")
        }
        return status
    }

    private static func failure(_ path: String) -> LedgerError {
        let code: LedgerError.Code =
            switch errno {
            case ENOSPC, EDQUOT: .full
            case ENOENT: .missing
            default: .unreadable
            }
        return LedgerError(code, path: path, detail: String(cString: strerror(errno)))
    }
}
