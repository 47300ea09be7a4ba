import Glibc
import Processes

/// The exchange folder of a session, into which its guest may put anything at any moment: every step opens what it looks at, follows no
/// link, and touches plain files only.
package struct ExchangeDirectory: Sendable {
    /// Files that are being brought have this before their names.
    package static let partPrefix = ".qwd-part-"
    /// What is told at most, and how deep is looked.
    package static let mostFiles = 5000
    private static let depth = 16

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

    /// What is in the folder.
    package struct Content: Sendable {
        /// As browsers are told of it too.
        package struct File: Sendable, Encodable {
            /// Below the folder, with `/` between.
            package var name: String
            package var size: Int
            /// When it was changed, in seconds since the epoch.
            package var time: Int
        }

        package var files: [File] = []
        /// What all of it takes of the disk, in bytes; a directory counts as a block.
        package var used = 0
        /// Files, directories and all else.
        package var entries = 0
        /// Whether there is more than was looked at.
        package var hasMore = false
    }

    /// - Parameter most: How many files and directories are looked at.
    package func content(most: Int = ExchangeDirectory.mostFiles) -> Content {
        var content = Content()
        walk(root, "", Self.depth, most, &content)
        return content
    }

    private func walk(
        _ directory: Descriptor, _ prefix: String, _ depth: Int, _ most: Int, _ content: inout Content
    ) {
        // Opened anew: others who read the same directory must not go on where this one is.
        guard let stream = Self.directory(".", in: directory.number).flatMap({ fdopendir($0.take()) }) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: 256))
                }
            }.prefix { $0 != 0 }
            if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) { continue }
            content.entries += 1
            guard content.entries <= most else {
                content.hasMore = true
                return
            }
            var status = stat()
            let raw = bytes.map { CChar(bitPattern: $0) } + [0]
            guard fstatat(directory.number, raw, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            content.used += max(Int(status.st_blocks) * 512, 4096)
            // A name that is no text could not be asked for.
            guard let name = String(validating: bytes, as: UTF8.self) else { continue }
            if status.st_mode & S_IFMT == S_IFREG, !name.hasPrefix(Self.partPrefix) {
                content.files.append(
                    Content.File(name: prefix + name, size: Int(status.st_size), time: status.st_mtim.tv_sec))
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                guard depth > 1 else {
                    content.hasMore = true
                    continue
                }
                if let inner = Self.directory(raw, in: directory.number) {
                    walk(inner, "\(prefix)\(name)/", depth - 1, most, &content)
                }
            }
        }
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
