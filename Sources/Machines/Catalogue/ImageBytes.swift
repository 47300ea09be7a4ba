import Glibc

/// What is read of a machine's file: its first 64 KiB and its last sector.
struct ImageBytes: Sendable {
    static let headLimit = 64 << 10

    var head: [UInt8]
    /// The last 512 bytes, where a fixed-size VHD has its mark. Empty for a shorter file.
    var tail: [UInt8]
    /// Length of the file.
    var size: Int

    init(head: [UInt8], tail: [UInt8] = [], size: Int) {
        self.head = head
        self.tail = tail
        self.size = size
    }

    /// Reads a file or a block device; symbolic links are followed.
    init(path: String) throws(ImageProblem) {
        // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unopened(errno) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw Self.unopened(errno) }
        switch information.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: break
        case S_IFDIR: throw ImageProblem("it is a directory", "A machine is one file or a block device.")
        default: throw ImageProblem("it is no file", "A machine is one file or a block device.")
        }
        size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { throw ImageProblem("it is empty", ImageProblem.again) }
        head = try Self.read(descriptor, count: min(size, Self.headLimit), offset: 0)
        tail = size >= 512 ? try Self.read(descriptor, count: 512, offset: size - 512) : []
    }

    private static func read(_ descriptor: CInt, count: Int, offset: Int) throws(ImageProblem) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, offset + filled)
            }
            guard result > 0 else {
                let reason = result == 0 ? "it ends early" : String(cString: strerror(errno))
                throw ImageProblem("it can't be read (\(reason))", "Check its disk, then get or copy it again.")
            }
            filled += result
        }
        return bytes
    }

    private static func unopened(_ code: CInt) -> ImageProblem {
        switch code {
        case ENOENT, ENOTDIR:
            ImageProblem("it is not there", "Put the file there or remove the section.")
        case EACCES, EPERM:
            ImageProblem(
                "user \(geteuid()) may not read it",
                "Give it read access: chmod a+r, and a+x on each directory above it.")
        case ELOOP:
            ImageProblem("its symbolic links lead in a circle", "Make the link anew.")
        default:
            ImageProblem("it can't be opened (\(String(cString: strerror(code))))", "Check the file and its disk.")
        }
    }

    func begins(_ magic: String, at offset: Int = 0) -> Bool {
        Self.begins(head, magic, at: offset)
    }

    func tailBegins(_ magic: String) -> Bool {
        Self.begins(tail, magic, at: 0)
    }

    private static func begins(_ bytes: [UInt8], _ magic: String, at offset: Int) -> Bool {
        let magic = Array(magic.utf8)
        return bytes.count >= offset + magic.count && Array(bytes[offset..<offset + magic.count]) == magic
    }

    /// A big-endian number of the head, zero past its end.
    func bigEndian(_ offset: Int, bytes count: Int) -> UInt64 {
        guard head.count >= offset + count else { return 0 }
        return head[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
