import Domain

/// Search filters (RFC 4515).
enum LDAPFilter {
    /// Puts a text that somebody typed into a filter, so that it can be nothing but a value there.
    static func filled(_ filter: String, user: String) -> String {
        filter.replacing("{user}", with: escaped(user))
    }

    /// Every byte that is not plainly harmless becomes `\xx`, which is allowed for all of them (RFC 4515 3).
    static func escaped(_ value: String) -> String {
        var text = ""
        for byte in value.utf8 {
            if byte.isLetterOrDigit || "@._- ".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\" + Hexadecimal.text(byte)
            }
        }
        return text
    }
}
