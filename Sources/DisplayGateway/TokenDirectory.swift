internal import Glibc

/// The displays that can be opened: a directory of sockets, each named by its token.
struct TokenDirectory: Sendable {
    let path: String

    /// Letters, digits, `-` and `_`: base64url of the 32 bytes of an HMAC-SHA256. Nothing else ever becomes a file's name.
    static func isToken(_ text: String) -> Bool {
        text.utf8.count == 43
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 45, 95: true
                default: false
                }
            }
    }

    /// The VNC socket that a token opens, or nil.
    func socket(of token: String) -> String? {
        guard Self.isToken(token) else { return nil }
        var information = stat()
        let name = "\(path)/\(token)"
        guard stat(name, &information) == 0, information.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return name
    }
}
