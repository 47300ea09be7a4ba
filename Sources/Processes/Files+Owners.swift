import Glibc

extension Files {
    /// Makes a directory whose names nobody else can change, or takes one that is so already.
    /// - Throws: If it is a link, belongs to somebody else, or others may write to it, or to a directory on the way to it: they
    ///   could lead us anywhere.
    package static func makeOwnDirectory(_ path: String) throws(ProcessError) {
        do throws(ProcessError) {
            // Before anything is made there.
            try checkWay(to: path)
            try makeDirectory(path)
            try checkOwn(try checkWay(to: path), S_IFDIR, "is no directory but a link or a file", isOurs: true)
        } catch {
            throw ProcessError(.system, "\(error.detail) Mend that, or choose another state_dir or runtime_dir.")
        }
    }

    /// Looks whether nobody but root and us can change a file, or put another one in its place. Links are followed.
    /// - Throws: Who else can, with the way out.
    package static func checkOwnFile(_ path: String) throws(ProcessError) {
        try checkOwn(try checkWay(to: path, throughLast: true), S_IFREG, "is no file", isOurs: false)
    }

    /// - Parameter isOurs: Whether it must not even be root's.
    private static func checkOwn(
        _ path: String, _ kind: mode_t, _ otherwise: String, isOurs: Bool
    ) throws(ProcessError) {
        let status = try look(at: path)
        if status.st_mode & S_IFMT != kind { throw ProcessError(.system, "\(path) \(otherwise).") }
        if status.st_uid != geteuid(), isOurs || status.st_uid != 0 {
            throw ProcessError(
                .system, "\(path) belongs to user \(status.st_uid), and this is user \(geteuid()).")
        }
        if status.st_mode & 0o022 != 0 {
            throw ProcessError(.system, "\(path) may be changed by others (chmod go-w \(path)).")
        }
    }

    /// Looks at every directory above a path, through links, as far as they are there.
    /// - Parameter throughLast: Whether the path itself may be a link.
    /// - Returns: Where that leads.
    @discardableResult
    private static func checkWay(to path: String, throughLast: Bool = false) throws(ProcessError) -> String {
        var rest = path.split(separator: "/").map(String.init)[...]
        // Links are followed by hand: each is as good as the directory that it is in.
        var links = 0
        var directory = ""
        while let name = rest.popFirst() {
            try checkNames(in: directory.isEmpty ? "/" : directory)
            if name == "." { continue }
            if name == ".." {
                directory = directory.lastIndex(of: "/").map { String(directory[..<$0]) } ?? ""
                continue
            }
            let next = "\(directory)/\(name)"
            var status = stat()
            guard lstat(next, &status) == 0 else {
                if errno == ENOENT { return next }
                throw ProcessError(.system, "Can't look at \(next): \(String(cString: strerror(errno)))")
            }
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            // The last one is looked at by who asks.
            if rest.isEmpty, !(isLink && throughLast) { return next }
            guard isLink else {
                directory = next
                continue
            }
            try checkOwner(next, status)
            links += 1
            // As many as the kernel follows (path_resolution(7)).
            guard links <= 40, let target = target(of: next) else {
                throw ProcessError(.system, "Can't follow the link \(next).")
            }
            if target.hasPrefix("/") { directory = "" }
            rest = (target.split(separator: "/").map(String.init) + rest)[...]
        }
        return directory.isEmpty ? "/" : directory
    }

    /// Refuses a directory in which others may rename what is ours. In a sticky one such as /tmp nobody renames what is
    /// another's (unlink(2)).
    private static func checkNames(in directory: String) throws(ProcessError) {
        let status = try look(at: directory)
        guard status.st_mode & S_IFMT == S_IFDIR else { throw distrust(directory, "is no directory") }
        try checkOwner(directory, status)
        if status.st_mode & 0o022 != 0, status.st_mode & mode_t(S_ISVTX) == 0 {
            throw distrust(directory, "lets others rename what is in it (chmod go-w \(directory))")
        }
    }

    private static func checkOwner(_ path: String, _ status: stat) throws(ProcessError) {
        guard status.st_uid != 0, status.st_uid != geteuid() else { return }
        throw distrust(path, "belongs to user \(status.st_uid), who may rename what is in it (chown root \(path))")
    }

    private static func look(at path: String) throws(ProcessError) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ProcessError(.system, "Can't look at \(path): \(String(cString: strerror(errno)))")
        }
        return status
    }

    private static func distrust(_ path: String, _ problem: String) -> ProcessError {
        ProcessError(.system, "\(path) \(problem).")
    }
}
