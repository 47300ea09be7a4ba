/// Text of others for a terminal or a log: what it shows is what it says.
extension String {
    /// With everything that a terminal might obey, or that can't be seen, as its number: `\u{1b}`.
    /// - Parameter lines: Whether line breaks and tabs stay.
    package func printable(lines: Bool = false) -> String {
        guard unicodeScalars.contains(where: \.isInvisible) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isInvisible, !(lines && (scalar == "\n" || scalar == "\t")) {
                text += scalar.number
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A value of a line of the log: as it is where that can't be mistaken, else in quotes, with `\"` and `\\` in them.
    /// - Parameter words: Whether spaces alone need no quotes.
    package func logText(words: Bool = false) -> String {
        let isPlain =
            !isEmpty
            && unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "\"", "\\", "=": false
                case " ": words
                default: !scalar.isInvisible && !scalar.properties.isWhitespace
                }
            }
        if isPlain { return self }
        var text = "\""
        for scalar in unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                text += "\\\(scalar)"
            } else if scalar == "\n" {
                text += "\\n"
            } else if scalar.isInvisible || scalar.properties.isWhitespace && scalar != " " {
                text += scalar.number
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    /// A JSON text that means the same and in which nothing can be obeyed by a terminal. Line breaks between its values stay.
    package var printableJSON: String {
        guard unicodeScalars.contains(where: \.isInvisible) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isInvisible, scalar != "\n" {
                // RFC 8259 7: as UTF-16.
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var number: String { "\\u{\(String(value, radix: 16))}" }
}
