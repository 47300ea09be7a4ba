import Domain

/// Reads `machines.conf`: `[name]` sections of `key=value` lines, comments after `;` or `#` at the start of a line, and a
/// backslash at the end of a line that goes on in the next one.
struct CatalogueParser {
    private(set) var sections: [CatalogueSection] = []
    private(set) var warnings: [CatalogueWarning] = []
    private let file: String
    /// Whether the lines go on to belong to a section that can't be used.
    private var isSkipping = false

    init(text: String, file: String) {
        self.file = file
        var begun: (line: Int, text: String)?
        // Not by "\n": to Swift, the line end of a Windows editor is one character of its own.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            var content = String(line.drop { $0 == "\u{FEFF}" })
            while let last = content.last, last.isWhitespace { content.removeLast() }
            if let (start, text) = begun, Self.begins(content.trimmed) {
                // A backslash at the end of a path or a name: what follows is a line of its own.
                read(text.trimmed + "\\", line: start)
                begun = nil
            }
            let start = begun?.line ?? index + 1
            content = (begun?.text ?? "") + content.drop { $0.isWhitespace }
            begun = nil
            if content.hasSuffix("\\"), index + 1 < lines.count {
                begun = (start, content.dropLast().trimmed + " ")
                continue
            }
            read(content, line: start)
        }
    }

    /// Whether a line goes on with nothing: it is empty, a title, or a key with its value.
    private static func begins(_ content: String) -> Bool {
        if content.isEmpty || content.hasPrefix("[") { return true }
        guard let equals = content.firstIndex(of: "=") else { return isAboutAccess(content) }
        let key = content[..<equals].trimmed.lowercased()
        return CatalogueSection.keys.contains(key) || isAboutAccess(key)
    }

    /// Whether it may be meant to keep somebody out, whatever signs are in it that nobody sees.
    private static func isAboutAccess(_ text: some StringProtocol) -> Bool {
        let letters = text.lowercased().filter(\.isLetter)
        return ["user", "group", "allow", "deny", "only"].contains { letters.hasPrefix($0) }
    }

    private mutating func read(_ content: String, line: Int) {
        guard let first = content.first, first != ";", first != "#" else { return }
        if first == "[" {
            readTitle(content, line: line)
        } else {
            readValue(content, line: line)
        }
    }

    private mutating func readTitle(_ content: String, line: Int) {
        isSkipping = true
        guard content.hasSuffix("]"), content.count > 2 else {
            return warn(line, "“\(content)” is no section title", "Write [name.ext]; the section was left out.")
        }
        let section = CatalogueSection(title: content.dropFirst().dropLast().trimmed, file: file, line: line)
        guard Machine.isValid(name: section.name) else {
            return warn(
                line, "“\(section.name)” can't be the name of a machine",
                "Use up to 64 letters, digits, dots, dashes and underscores, not beginning with a dot or a dash, and"
                    + " write path= with the file's own name below it; the section was left out.")
        }
        isSkipping = false
        if let index = sections.firstIndex(where: { $0.name == section.name }) {
            warn(line, "[\(section.name)] is there twice", "Remove one; the second counts.")
            let first = sections.remove(at: index)
            sections.append(section)
            // What one of them says of who may have it, the other one does not.
            sections[sections.count - 1].isWrong =
                first.isWrong || first.values["users"] != nil || first.values["groups"] != nil
            return
        }
        sections.append(section)
    }

    private mutating func readValue(_ content: String, line: Int) {
        if isSkipping { return }
        guard let equals = content.firstIndex(of: "=") else {
            // Somebody is to be kept out by it: a slip of the pen must not let everybody in.
            if !sections.isEmpty, Self.isAboutAccess(content) { sections[sections.count - 1].isWrong = true }
            return warn(
                line, "“\(content)” is no key=value", "Correct the line or begin it with ; to make it a comment.")
        }
        guard !sections.isEmpty else {
            return warn(line, "“\(content)” stands before the first section", "Put it below its [name.ext].")
        }
        let key = content[..<equals].trimmed.lowercased()
        guard CatalogueSection.keys.contains(key) else {
            let known = CatalogueSection.keys.sorted().joined(separator: ", ")
            if Self.isAboutAccess(key) {
                sections[sections.count - 1].isWrong = true
                return warn(
                    line, "“\(key)” is no key of a machine",
                    "Write users= or groups= for who may have it; until then the section does not count.")
            }
            return warn(line, "“\(key)” is no key of a machine", "Known keys: \(known).")
        }
        let text = Self.unquoted(content[content.index(after: equals)...].trimmed)
        if sections[sections.count - 1].values[key] != nil {
            // Who is meant nobody knows.
            if Self.isAboutAccess(key) { sections[sections.count - 1].isWrong = true }
            warn(line, "\(key)= is there twice in this section", "Remove one; the second counts.")
        }
        sections[sections.count - 1].values[key] = CatalogueSection.Value(text: text, line: line)
    }

    private mutating func warn(_ line: Int, _ problem: String, _ advice: String) {
        warnings.append(
            CatalogueWarning(
                file: file, line: line, machine: isSkipping ? nil : sections.last?.name, problem: problem,
                advice: advice))
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
