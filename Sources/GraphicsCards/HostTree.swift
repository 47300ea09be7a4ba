import FoundationEssentials
import Glibc
import Processes

/// The files of this host, or of a made-up one.
struct HostTree: Sendable {
    /// Before every path; empty for this host.
    let root: String

    /// - Returns: Nil if there is no such file.
    /// - Throws: `.unsupported` for a link or a directory: to replace it would not change what it leads to.
    func content(_ path: String) throws(GraphicsCardsError) -> Data? {
        guard let status = try status(path) else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw GraphicsCardsError(.unsupported, "\(path) is a link or a directory; qwd edits plain files only.")
        }
        do {
            return try Data(contentsOf: URL(filePath: root + path))
        } catch {
            throw GraphicsCardsError(.system, "Can't read \(path): \(error)", cause: error)
        }
    }

    private func status(_ path: String) throws(GraphicsCardsError) -> stat? {
        var status = stat()
        if lstat(root + path, &status) == 0 { return status }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw Self.failure("look at", path)
    }

    /// Puts a file in the place of another one, whose rights and owner it takes. It is there whole or not at all.
    /// - Parameter mode: For a file that is new.
    func replace(_ path: String, with content: Data, mode: mode_t = 0o644) throws(GraphicsCardsError) {
        let status = try status(path)
        let temporary = "\(root)\(path).qwd-new"
        // One that an interrupted call left. Nobody else may write in these directories.
        unlink(temporary)
        let number = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw Self.failure("write", path) }
        let descriptor = Descriptor(number)
        do throws(GraphicsCardsError) {
            if let status, fchown(number, status.st_uid, status.st_gid) != 0 { throw Self.failure("write", path) }
            // After the owner, whose change takes some rights away.
            guard
                fchmod(number, status.map { $0.st_mode & 0o7777 } ?? mode) == 0, Self.write(content, to: number),
                fsync(number) == 0, rename(temporary, root + path) == 0
            else { throw Self.failure("write", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        withExtendedLifetime(descriptor) {}
    }

    func remove(_ path: String) throws(GraphicsCardsError) {
        guard unlink(root + path) == 0 || errno == ENOENT else { throw Self.failure("remove", path) }
    }

    /// Writes an attribute of sysfs, which takes it as a whole.
    func write(_ value: String, toAttribute path: String) throws(GraphicsCardsError) {
        let number = open(root + path, O_WRONLY | O_CLOEXEC)
        guard number >= 0 else { throw Self.failure("write", path) }
        let descriptor = Descriptor(number)
        let bytes = Array(value.utf8)
        guard Glibc.write(descriptor.number, bytes, bytes.count) == bytes.count else {
            throw Self.failure("write \(value) to", path)
        }
    }

    private static func write(_ content: Data, to number: CInt) -> Bool {
        var rest = Array(content)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func failure(_ what: String, _ path: String) -> GraphicsCardsError {
        let reason = errno
        let advice = reason == EACCES || reason == EPERM ? " Only root may." : ""
        return GraphicsCardsError(
            .system, "Can't \(what) \(path): \(String(cString: strerror(reason))).\(advice)")
    }
}
