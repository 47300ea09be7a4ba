internal import Glibc

/// The displays that can be opened: a directory of links, each named by its token.
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
        // The path of a Unix socket has at most 107 bytes (unix(7)).
        var target = [CChar](repeating: 0, count: 108)
        let length = readlink("\(path)/\(token)", &target, target.count)
        guard length > 0, length < target.count else { return nil }
        return String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
