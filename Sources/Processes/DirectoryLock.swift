import Glibc

/// Keeps directories for one process at a time. The kernel gives the locks back when the process ends, however.
package final class DirectoryLock: Sendable {
    private let descriptors: [Descriptor]

    /// - Parameters:
    ///   - files: A file in each directory; made if it is not there. Two may be one and the same.
    ///   - owner: Who holds the lock, for the message: "worker".
    ///   - advice: What to change so that two can live side by side.
    /// - Throws: If another process, or another value in this one, has one of them.
    package init(_ files: [String], owner: String, advice: String) throws(ProcessError) {
        var descriptors: [Descriptor] = []
        var known: Set<[UInt]> = []
        for path in files {
            let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard number >= 0 else {
                throw ProcessError(.system, "Can't open \(path): \(String(cString: strerror(errno)))")
            }
            let descriptor = Descriptor(number)
            var file = stat()
            fstat(number, &file)
            guard known.insert([UInt(file.st_dev), UInt(file.st_ino)]).inserted else { continue }
            descriptors.append(descriptor)
            guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
                throw ProcessError(.system, "Another \(owner) uses \(path). Stop it, or \(advice).")
            }
        }
        self.descriptors = descriptors
    }

    /// Whether somebody has a lock now.
    package static func isHeld(_ path: String) -> Bool {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return false }
        defer { close(number) }
        return flock(number, LOCK_SH | LOCK_NB) != 0
    }

    /// Gives the directories back now, and not with the last reference.
    package func release() {
        for descriptor in descriptors { close(descriptor.take()) }
    }
}
