/// A cpio archive in the "newc" form that Linux unpacks as its first root file system.
/// (Documentation/driver-api/early-userspace/buffer-format.rst of Linux.)
struct RamdiskArchive {
    private(set) var bytes: [UInt8] = []
    private var inode = 0

    mutating func addDirectory(_ path: String) {
        add(path, mode: 0o040_755, content: [])
    }

    mutating func addFile(_ path: String, _ content: [UInt8], isProgram: Bool = false) {
        add(path, mode: isProgram ? 0o100_755 : 0o100_644, content: content)
    }

    mutating func addLink(_ path: String, to destination: String) {
        add(path, mode: 0o120_777, content: Array(destination.utf8))
    }

    /// The archive with its end mark.
    consuming func finished() -> [UInt8] {
        add("TRAILER!!!", mode: 0, content: [])
        return bytes
    }

    private mutating func add(_ path: String, mode: Int, content: [UInt8]) {
        inode += 1
        let name = Array(path.utf8) + [0]
        // Inode, mode, user, group, links, time, size, four device numbers, length of the name, no checksum.
        let fields = [inode, mode, 0, 0, 1, 0, content.count, 0, 0, 0, 0, name.count, 0]
        bytes += Array("070701".utf8)
        for field in fields { bytes += Self.hexadecimal(field) }
        bytes += name
        pad()
        bytes += content
        pad()
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private static func hexadecimal(_ number: Int) -> [UInt8] {
        let digits = Array(String(number, radix: 16, uppercase: true).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
    }
}
