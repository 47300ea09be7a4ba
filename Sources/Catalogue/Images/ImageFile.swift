import Glibc

/// A machine's file, open for reading. It is never read whole: only its head, its tail and what its tables point to.
package final class ImageFile {
    /// Enough for every header, and for the volume descriptors of a CD, which begin at 32 KiB.
    static let headLimit = 128 << 10
    /// Where the last mark is that a format has there, 1.5 KiB before the end.
    static let tailLimit = 1536
    /// Most bytes of one table: what QEMU itself takes of a qcow2 file.
    static let tableLimit: UInt64 = 32 << 20
    /// Most bytes of second-level tables that are looked at; of a larger disk some tables are picked, evenly spread.
    static let sampleLimit: UInt64 = 16 << 20

    let descriptor: CInt
    let path: String
    /// Length in bytes; also of a block device.
    let size: UInt64
    package let identity: ImageIdentity
    private(set) var head = ImageHeader(bytes: [])
    private(set) var tail = ImageHeader(bytes: [])

    /// Opens a file or a block device; symbolic links are followed.
    package init(path: String) throws(ImageError) {
        // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unopened(errno) }
        var information = stat()
        let status = fstat(descriptor, &information) == 0 ? 0 : errno
        let end = lseek(descriptor, 0, SEEK_END)
        size = UInt64(max(end, 0))
        identity = ImageIdentity(information, size: Int64(max(end, 0)))
        // From here on everything is set, and the end of this object closes the file.
        guard status == 0 else { throw Self.unopened(status) }
        switch information.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: break
        case S_IFDIR: throw ImageError("it is a directory", "A machine is one file or a block device.")
        default: throw ImageError("it is no file", "A machine is one file or a block device.")
        }
    }

    /// Reads the head and the tail, if that was not done before.
    func load() throws(ImageError) {
        guard size > 0 else { throw ImageError("it is empty", ImageError.again) }
        guard head.count == 0 else { return }
        head = try read(0, min(size, UInt64(Self.headLimit)))
        let tailCount = min(size, UInt64(Self.tailLimit))
        tail = try read(size - tailCount, tailCount)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether a part lies inside of the file.
    func holds(_ offset: UInt64, _ count: UInt64) -> Bool {
        offset <= size && count <= size - offset
    }

    /// Reads a part that lies inside of the file.
    /// - Throws: That the file was cut off, if it does not.
    func read(_ offset: UInt64, _ count: UInt64) throws(ImageError) -> ImageHeader {
        guard holds(offset, count) else { throw .cutOff(self) }
        guard count <= Self.tableLimit else {
            throw ImageError(
                "a table of it has \(count >> 20) MiB, more than is looked through",
                "Convert it: qemu-img convert -O qcow2 OLD NEW.qcow2")
        }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        var filled = 0
        while filled < bytes.count {
            let result = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: filled), Int(count) - filled, Int(offset) + filled)
            }
            guard result > 0 else {
                if result < 0, errno == EINTR { continue }
                let reason = result == 0 ? "it became shorter" : String(cString: strerror(errno))
                throw ImageError(
                    "it can't be read (\(reason))", "Check its disk, then get or copy it again.", kind: .unknown)
            }
            filled += result
        }
        return ImageHeader(bytes: bytes)
    }

    private static func unopened(_ code: CInt) -> ImageError {
        switch code {
        case ENOENT, ENOTDIR:
            ImageError("it is not there", "Put the file there or remove the section.", kind: .missing)
        case EACCES, EPERM:
            ImageError(
                "user \(geteuid()) may not read it",
                "Give it read access: chmod a+r, and a+x on each directory above it.")
        case ELOOP:
            ImageError("its symbolic links lead in a circle", "Make the link anew.")
        case ENAMETOOLONG:
            ImageError("its name is too long for a file", "Name the file otherwise, and write path= in its section.")
        default:
            ImageError(
                "it can't be opened (\(String(cString: strerror(code))))", "Check the file and its disk.",
                kind: .unknown)
        }
    }
}
