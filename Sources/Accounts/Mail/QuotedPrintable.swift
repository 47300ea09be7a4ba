import Domain

/// Text of any language in short lines of ASCII (RFC 2045 6.7).
enum QuotedPrintable {
    /// Longest line without its CRLF.
    private static let width = 76

    static func encoded(_ text: String) -> String {
        // Swift has CR LF as one character.
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            .map { line(Array($0.utf8)) }.joined(separator: "\r\n")
    }

    private static func line(_ bytes: [UInt8]) -> String {
        var text = ""
        var column = 0
        for (index, byte) in bytes.enumerated() {
            let word = word(byte, isLast: index == bytes.count - 1)
            // One column is for the `=` of a soft line break.
            if column + word.count > width - 1 {
                text += "=\r\n"
                column = 0
            }
            text += word
            column += word.count
        }
        return text
    }

    /// A blank at the end of a line would be lost on the way.
    private static func word(_ byte: UInt8, isLast: Bool) -> String {
        let isBlank = byte == 0x20 || byte == 0x09
        if (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast {
            return String(Unicode.Scalar(byte))
        }
        return "=" + Hexadecimal.text(byte, uppercase: true)
    }
}
