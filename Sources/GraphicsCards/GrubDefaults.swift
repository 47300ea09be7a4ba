/// Edits `GRUB_CMDLINE_LINUX_DEFAULT` in GRUB's `/etc/default/grub`, which is a program for a shell.
///
/// Only the plain forms are edited, which is how Debian and people write it. What a shell would have to work out is refused.
struct GrubDefaults {
    static let path = "/etc/default/grub"
    static let variable = "GRUB_CMDLINE_LINUX_DEFAULT"

    /// One assignment in a line: what is before the value, the value, and what is behind it.
    private struct Assignment {
        var head: Substring
        var quote: Character?
        var value: String
        var tail: Substring

        var line: String {
            let quote = quote ?? (value.contains(" ") ? "\"" : nil)
            let mark = quote.map(String.init) ?? ""
            return "\(head)\(mark)\(value)\(mark)\(tail)"
        }
    }

    /// The text with these parameters.
    /// - Throws: `.unsupported`, which names the line.
    static func add(_ parameters: [KernelParameter], to text: String) throws(GraphicsCardsError) -> String {
        // Lines of bytes: for Swift's characters "\r\n" is one, at which "\n" would not split.
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { String(Substring($0)) }
        // A shell keeps the last one.
        guard let index = lines.lastIndex(where: { assigns($0[...]) }) else {
            let line = "\(variable)=\"\(KernelParameter.add(parameters, to: ""))\"\n"
            return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line
        }
        guard var assignment = parse(lines[index]) else {
            let words = parameters.map(\.description).joined(separator: " ")
            throw GraphicsCardsError(
                .unsupported,
                "\(path), line \(index + 1): this is no plain text in quotation marks, so it is left alone. Add \(words)"
                    + " to it by hand, run update-grub, and bind with --no-boot-parameters.")
        }
        assignment.value = KernelParameter.add(parameters, to: assignment.value)
        lines[index] = assignment.line
        return lines.joined(separator: "\n")
    }

    /// Whether a line gives the variable a value, in any form.
    static func assigns(_ line: Substring) -> Bool {
        let rest = line.drop { $0 == " " || $0 == "\t" }
        let name = rest.hasPrefix("export ") ? rest.dropFirst(7).drop { $0 == " " } : rest
        return name.hasPrefix("\(variable)=") || name.hasPrefix("\(variable)+=")
    }

    private static func parse(_ line: String) -> Assignment? {
        guard let sign = line.firstIndex(of: "="), !line[..<sign].hasSuffix("+") else { return nil }
        let head = line[...sign]
        let rest = line[line.index(after: sign)...]
        let quote = rest.first.flatMap { $0 == "\"" || $0 == "'" ? $0 : nil }
        let body = quote == nil ? rest : rest.dropFirst()
        let end =
            if let quote { body.firstIndex(of: quote) } else {
                body.firstIndex { $0 == " " || $0 == "\t" } ?? body.endIndex
            }
        guard let end else { return nil }
        let value = body[..<end]
        let tail = quote == nil ? body[end...] : body[body.index(after: end)...]
        // What follows at once belongs to the same word, and `;` or `&` begin another command.
        let comment = tail.drop { $0 == " " || $0 == "\t" }
        guard comment.isEmpty || comment.hasPrefix("#") && comment.startIndex != tail.startIndex else { return nil }
        // Without a quotation mark many more characters mean something.
        let special = quote == "'" ? "\r" : quote == nil ? "\\$`\"';&|<>()#*?[~!\r" : "\\$`\r"
        guard !value.contains(where: special.contains) else { return nil }
        return Assignment(head: head, quote: quote, value: String(value), tail: tail)
    }
}
