package import Domain

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file that holds a secret: what `bind_password_file`, `mail.password_file` and `tls.key` point to.
package enum SecretFile {
    /// More than any chain of certificates has; a device or a disk image by mistake has more.
    private static let longest = 1 << 20

    /// The text of a file that belongs to root or us and that only its owner can read, without the line break at its end. Root may let
    /// one group read its file, as roles without root's rights need.
    ///
    /// A symbolic link is followed; the mode of what it points to counts. Blocks while it reads.
    package static func read(path: String) throws(SecretFileError) -> Secret {
        // Without O_NONBLOCK opening a FIFO waits for who writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code: SecretFileError.Code = [ENOENT, ENOTDIR].contains(errno) ? .missing : .unreadable
            throw SecretFileError(path: path, code: code, detail: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SecretFileError(path: path, code: .notAFile)
        }
        // Of the opened file, not of the path: that could be another one by now.
        guard status.st_mode & (status.st_uid == 0 ? 0o037 : 0o077) == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw SecretFileError(path: path, code: .exposed, detail: "mode 0\(mode)")
        }
        // Who has written it knows it.
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw SecretFileError(
                path: path, code: .foreign, detail: "user \(status.st_uid), and this is user \(geteuid())")
        }
        let bytes = try contents(of: descriptor, path: path)
        // A NUL would end the text for libldap and libcurl, and a shorter password be tried.
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw SecretFileError(path: path, code: .notText)
        }
        // "\r\n" is one character.
        let secret = text.hasSuffix("\n") || text.hasSuffix("\r\n") ? String(text.dropLast()) : text
        guard !secret.isEmpty else { throw SecretFileError(path: path, code: .empty) }
        return Secret(secret)
    }

    private static func contents(of descriptor: Int32, path: String) throws(SecretFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            switch posixRead(descriptor, &buffer, buffer.count) {
            case 0: return bytes
            case let count where count > 0: bytes += buffer.prefix(count)
            default:
                if errno == EINTR { continue }
                throw SecretFileError(path: path, code: .unreadable, detail: String(cString: strerror(errno)))
            }
            if bytes.count > longest { throw SecretFileError(path: path, code: .notText) }
        }
    }
}

/// `read(2)`, which `SecretFile.read` hides.
private func posixRead(_ descriptor: Int32, _ buffer: inout [UInt8], _ count: Int) -> Int {
    read(descriptor, &buffer, count)
}
