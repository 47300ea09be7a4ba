import FoundationEssentials
import Glibc

/// Small files, whole.
package enum Files {
    /// The text of a file, NUL bytes as spaces, or nil.
    package static func read(_ path: String) -> String? { read(path, chunk: 4096) }

    /// - Parameter chunk: How many bytes to ask for at once. What the kernel tells in /proc is of one moment as far as one answer
    ///   reaches.
    package static func read(_ path: String, chunk: Int) -> String? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                count = max(0, Glibc.read(descriptor, buffer.baseAddress, chunk))
            }
            if bytes.isEmpty { break }
            text += bytes.map { $0 == 0 ? 32 : $0 }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What the system says of a failure that comes by Foundation, without what Foundation puts around it.
    package static func reason(of error: any Error) -> String {
        guard let code = ((error as? CocoaError)?.underlying as? POSIXError)?.code else { return "\(error)" }
        return String(cString: strerror(code.rawValue))
    }

    /// Writes a file so that it is there whole or not at all.
    package static func write(_ text: String, to path: String) throws(ProcessError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw ProcessError(.system, "Can't write \(path): \(reason(of: error))", cause: error)
        }
    }

    /// The last 4 KiB of a file that somebody else writes and may have made long; nil if it can't be read.
    package static func readEnd(_ path: String) -> String? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = lseek(descriptor, 0, SEEK_END)
        let count = pread(descriptor, &buffer, buffer.count, max(0, length - off_t(buffer.count)))
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    /// Opens a file for somebody who can't, or may not, open it by name.
    package static func open(_ path: String, writable: Bool) throws(ProcessError) -> Descriptor {
        let number = Glibc.open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)
        guard number >= 0 else {
            throw ProcessError(.system, "Can't open \(path): \(String(cString: strerror(errno)))")
        }
        return Descriptor(number)
    }

    /// Makes a directory and those above it, for its owner alone.
    package static func makeDirectory(_ path: String) throws(ProcessError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ProcessError(.system, "Can't make the directory \(path): \(reason(of: error))", cause: error)
        }
    }

    package static func names(in directory: String) -> [String] {
        // A directory that is not there has no names.
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    /// Makes a symbolic link. One that leads there already is fine.
    package static func link(_ path: String, to destination: String) throws(ProcessError) {
        guard symlink(destination, path) == 0 || (errno == EEXIST && target(of: path) == destination) else {
            throw ProcessError(.system, "Can't make the link \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Gives a socket another name, which a group may connect to.
    /// - Parameter group: Nil leaves its owner and rights alone.
    package static func link(_ path: String, toSocket socket: String, for group: UInt32?) throws(ProcessError) {
        guard Glibc.link(socket, path) == 0 || errno == EEXIST else {
            throw ProcessError(.system, "Can't make the link \(path): \(String(cString: strerror(errno)))")
        }
        if let group { try give(path, toGroup: group, mode: 0o660) }
    }

    /// Lets a group use a file or directory, whose owner it keeps. It must be no link, and nobody else may change its name.
    package static func give(_ path: String, toGroup group: UInt32, mode: UInt32) throws(ProcessError) {
        guard lchown(path, uid_t.max, group) == 0, chmod(path, mode) == 0 else {
            throw ProcessError(.system, "Can't give \(path) to group \(group): \(String(cString: strerror(errno)))")
        }
    }

    /// Whether a path leads to a directory.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whose a file is; nil if it is not there. A link's own, and not its target's.
    package static func owner(of path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// Where a symbolic link leads, or nil.
    package static func target(of path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// What a file takes of its disk, in bytes; zero if it is not there.
    /// Length in bytes, whatever of it is on the disk; zero if it can't be asked.
    package static func length(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// How long ago a file was changed, by the clock of this host; nil if it is not there.
    package static func age(of path: String) -> Duration? {
        var status = stat()
        var now = timespec()
        guard stat(path, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
        return .seconds(now.tv_sec - status.st_mtim.tv_sec)
    }

    /// The directory that a whole path is in.
    package static func directory(of path: String) -> String {
        "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }

    /// Makes a file, or an empty one of a file, for its owner alone.
    package static func create(_ path: String) throws(ProcessError) -> Descriptor {
        let number = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else {
            throw ProcessError(.system, "Can't write \(path): \(String(cString: strerror(errno)))")
        }
        return Descriptor(number)
    }

    /// A path without links and dots; nil if nothing is there.
    package static func real(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Copies a file; what is zero in it takes no space.
    /// - Parameter isCancelled: Asked after each piece; then what was copied so far stays.
    package static func copy(
        _ path: String, to destination: String, unless isCancelled: () -> Bool = { false }
    ) throws(ProcessError) {
        let source = try open(path, writable: false)
        let target = try create(destination)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let zeros = buffer
        var length: off_t = 0
        while true {
            if isCancelled() { throw ProcessError(.system, "\(destination) is not whole: it was interrupted.") }
            let count = Glibc.read(source.number, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count == 0, ftruncate(target.number, length) == 0 { return }
            let isZero = count > 0 && memcmp(buffer, zeros, count) == 0
            guard count > 0, isZero || pwrite(target.number, buffer, count, length) == count else {
                throw ProcessError(.system, "Can't copy \(path) to \(destination): \(String(cString: strerror(errno)))")
            }
            length += off_t(count)
        }
    }

    package static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }

    /// Size of the file system that a path is on, and what of it is free for everybody, in bytes; nil if it can't be asked.
    package static func space(of path: String) -> (total: Int, free: Int)? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return (Int(status.f_blocks) * Int(status.f_frsize), Int(status.f_bavail) * Int(status.f_frsize))
    }

    /// Whether something is a file with something in it. A link is none.
    package static func isFullFile(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
    }

    /// Makes a file that takes so many bytes of its disk from now on. There must be none, and no link: its directory may be somebody
    /// else's.
    package static func reserve(_ path: String, bytes: Int) throws(ProcessError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ProcessError(.system, "Can't write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let error = posix_fallocate(descriptor, 0, off_t(bytes))
        if error != 0 {
            unlink(path)
            throw ProcessError(.system, "Can't reserve \(bytes) bytes for \(path): \(String(cString: strerror(error)))")
        }
    }

    /// Removes a file or directory with all in it. What is not there is fine.
    package static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
