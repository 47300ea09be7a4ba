import Glibc

/// A catalogue file as it was read.
enum CatalogueText: Sendable {
    case text(String)
    /// One of several files that is not there is usual: the system's beside a person's own.
    case missing
    case unreadable(problem: String, advice: String)
    /// It can't be read at the moment; that says nothing about the file.
    case passing(CInt)

    /// Most bytes of a catalogue.
    private static let limit = 1 << 20

    init(file: String) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            self = Self.failure(errno, file)
            return
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.limit {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                self = Self.failure(errno, file)
                return
            }
            if count == 0 {
                self = .text(String(decoding: bytes, as: UTF8.self))
                return
            }
            bytes += buffer[..<count]
        }
        self = .unreadable(problem: "the catalogue is longer than 1 MiB", advice: "It must be a text file.")
    }

    private static func failure(_ code: CInt, _ file: String) -> CatalogueText {
        switch code {
        case ENOENT, ENOTDIR: .missing
        case EACCES, EPERM:
            .unreadable(problem: "the catalogue can't be read", advice: "Give it read access: chmod a+r \(file)")
        case EISDIR, ELOOP, ENAMETOOLONG, EINVAL:
            .unreadable(problem: "the catalogue can't be read", advice: "It must be a text file.")
        default: .passing(code)
        }
    }
}

/// The names in a directory.
enum DirectoryListing {
    private static let others = [".conf", ".log", ".partial"]

    /// Names that may be machines' files: no directories, no catalogues, nothing hidden, and not what a build or a download leaves
    /// beside its machine while it is at work.
    /// - Returns: nil if the directory can't be read at the moment; nothing if it is not there.
    static func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return [ENOENT, ENOTDIR, EACCES].contains(errno) ? [] : nil }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isDirectory = Int(entry.pointee.d_type) == Int(DT_DIR)
            let isOther = others.contains { name.lowercased().hasSuffix($0) }
            if !isDirectory, !name.hasPrefix("."), !isOther { names.append(name) }
            errno = 0
        }
        return errno == 0 ? names.sorted() : nil
    }
}
