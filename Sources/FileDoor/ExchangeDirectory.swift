import Glibc
import Processes

/// The exchange folder of a session, into which its guest may put anything at any moment: every step opens what it looks at, follows no
/// link, and touches plain files only.
package struct ExchangeDirectory: Sendable {
    /// Files that are being brought have this before their names.
    package static let partPrefix = ".qwd-part-"
    /// What is told at most.
    package static let mostFiles = 5000
    /// Files and directories of one folder that are looked after: a look at so many takes some tenths of a second.
    package static let mostEntries = 50_000
    /// How deep files have names that can be asked for.
    private static let depth = 16
    /// How deep is looked. Each directory on the way is open meanwhile.
    private static let deepest = 100
    /// What broke off and was not gone on with for so long, in seconds, is given up.
    private static let partLife = 3600

    let path: String
    private let root: Descriptor

    package init?(_ path: String) {
        guard let root = Self.directory(path, in: AT_FDCWD) else { return nil }
        self.path = path
        self.root = root
    }

    /// Opens a directory; nil if it is none, or a link to one.
    private static func directory(_ name: UnsafePointer<CChar>, in parent: CInt) -> Descriptor? {
        let number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        return number < 0 ? nil : Descriptor(number)
    }

    /// What the folder takes of its disk.
    package struct Usage: Sendable {
        /// In bytes; a directory counts as a block.
        package var bytes = 0
        /// Files, directories and all else.
        package var entries = 0
        /// Whether there is more than is looked after, or something can't be looked at.
        package var isBeyond = false
    }

    /// What is in the folder, as browsers are told.
    struct Content: Sendable {
        struct File: Sendable, Encodable {
            /// Below the folder, with `/` between.
            var name: String
            var size: Int
            /// When it was changed, in seconds since the epoch.
            var time: Int
        }

        var files: [File] = []
        var usage = Usage()
        /// Whether there are more files than these.
        var hasMore = false
    }

    package var usage: Usage {
        var usage = Usage()
        walk(root, Self.deepest, &usage) { _, _, _ in }
        return usage
    }

    var content: Content {
        var content = Content()
        var usage = Usage()
        walk(root, Self.deepest, &usage) { names, status, kind in
            guard kind == S_IFREG else { return }
            // A name that is no text could not be asked for.
            let words = names.compactMap { String(validating: $0, as: UTF8.self) }
            guard words.count == names.count, !Self.isPart(names) else { return }
            guard words.count <= Self.depth, content.files.count < Self.mostFiles else {
                content.hasMore = true
                return
            }
            content.files.append(
                Content.File(
                    name: words.joined(separator: "/"), size: Int(status.st_size), time: status.st_mtim.tv_sec))
        }
        content.usage = usage
        content.hasMore = content.hasMore || usage.isBeyond
        return content
    }

    private static func isPart(_ names: [ArraySlice<UInt8>]) -> Bool {
        names.count == 1 && names[0].starts(with: partPrefix.utf8)
    }

    /// Looks at all there is, whatever it is called.
    /// - Parameter visit: Is told the names on the way to something, its state and what kind of file it is.
    private func walk(
        _ directory: Descriptor, _ depth: Int, _ usage: inout Usage, below names: [ArraySlice<UInt8>] = [],
        _ visit: ([ArraySlice<UInt8>], stat, mode_t) -> Void
    ) {
        // Opened anew: others who read the same directory must not go on where this one is.
        guard let stream = Self.directory(".", in: directory.number).flatMap({ fdopendir($0.take()) }) else {
            usage.isBeyond = true
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: 256))
                }
            }.prefix { $0 != 0 }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            usage.entries += 1
            guard usage.entries <= Self.mostEntries else {
                usage.isBeyond = true
                return
            }
            var status = stat()
            let raw = name.map { CChar(bitPattern: $0) } + [0]
            guard fstatat(directory.number, raw, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                // What was removed meanwhile takes nothing; what can't be looked at may take anything.
                if errno != ENOENT { usage.isBeyond = true }
                continue
            }
            usage.bytes += max(Int(status.st_blocks) * 512, 4096)
            let kind = status.st_mode & S_IFMT
            visit(names + [name], status, kind)
            guard kind == S_IFDIR else { continue }
            if depth > 1, let inner = Self.opened(raw, in: directory.number) {
                walk(inner, depth - 1, &usage, below: names + [name], visit)
            } else if depth <= 1 || fstatat(directory.number, raw, &status, AT_SYMLINK_NOFOLLOW) == 0 {
                usage.isBeyond = true
            }
        }
    }

    /// Opens a directory also where its owner, who we are, has taken every right from it.
    private static func opened(_ name: [CChar], in parent: CInt) -> Descriptor? {
        if let inner = directory(name, in: parent) {
            var status = stat()
            // One that may be listed and not entered would hide what is in it.
            if fstat(inner.number, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o500 != 0o500 {
                fchmod(inner.number, 0o700)
            }
            return inner
        }
        guard errno == EACCES else { return nil }
        // O_PATH, which glibc's header shows to GNU programs only.
        let number = openat(parent, name, 0o10_000_000 | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { return nil }
        // By the descriptor: what its name leads to may be another thing by now.
        let closed = Descriptor(number)
        guard chmod("/proc/self/fd/\(closed.number)", 0o700) == 0 else { return nil }
        return directory(".", in: closed.number)
    }

    /// The directory that a file stands in, and its name there.
    private func parent(of name: String) throws(DoorError) -> (Descriptor, String) {
        let words = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let last = words.last, words.count <= Self.depth,
            words.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }),
            !last.hasPrefix(Self.partPrefix)
        else { throw .name }
        var directory = root
        for word in words.dropLast() {
            guard let inner = Self.directory(word, in: directory.number) else { throw .missing }
            directory = inner
        }
        return (directory, last)
    }

    /// Opens a plain file to be read.
    func read(_ name: String) throws(DoorError) -> (file: Descriptor, size: Int) {
        let (directory, last) = try parent(of: name)
        // What is no plain file, a pipe, must not be waited for.
        let number = openat(directory.number, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else { throw errno == EACCES ? .refused : .missing }
        let file = Descriptor(number)
        guard let size = Self.size(of: file) else { throw .missing }
        return (file, size)
    }

    func remove(_ name: String) throws(DoorError) {
        let (directory, last) = try parent(of: name)
        guard unlinkat(directory.number, last, 0) == 0 else { throw errno == ENOENT ? .missing : .refused }
    }

    /// The length of a plain file; nil for everything else.
    private static func size(of file: Descriptor) -> Int? {
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Opens what is being brought, to go on with it.
    func part(_ id: String) throws(DoorError) -> (file: Descriptor, size: Int) {
        guard (1...64).contains(id.utf8.count), id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw .request
        }
        let number = openat(
            root.number, Self.partPrefix + id, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw errno == ENOSPC || errno == EDQUOT ? .full : .refused }
        let file = Descriptor(number)
        var status = stat()
        // A second name would be a file of the guest's.
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
            throw .refused
        }
        return (file, Int(status.st_size))
    }

    /// Removes what is being brought.
    func forget(part id: String) { unlinkat(root.number, Self.partPrefix + id, 0) }

    /// Removes what broke off and nobody goes on with.
    /// - Parameter all: Whether nobody can go on any more.
    package func forgetParts(all: Bool = false) {
        var old: [ArraySlice<UInt8>] = []
        var usage = Usage()
        let now = time(nil)
        // Parts stand at the top.
        walk(root, 1, &usage) { names, status, _ in
            if Self.isPart(names), all || now - status.st_mtim.tv_sec > Self.partLife { old += names }
        }
        for name in old { unlinkat(root.number, name.map { CChar(bitPattern: $0) } + [0], 0) }
    }

    /// Gives what was brought its name, or that name with a number if there is such a file.
    func place(part id: String, as wanted: String) throws(DoorError) -> String {
        let name = SafeName.make(wanted)
        for number in 1...1000 {
            let candidate = SafeName.numbered(name, number)
            if linkat(root.number, Self.partPrefix + id, root.number, candidate, 0) == 0 {
                unlinkat(root.number, Self.partPrefix + id, 0)
                return candidate
            }
            guard errno == EEXIST else { throw .refused }
        }
        throw .name
    }

    /// Bytes that the disk has left for others than root.
    var free: Int {
        var status = statvfs()
        guard fstatvfs(root.number, &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
