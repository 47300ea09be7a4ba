import Domain
import Glibc
package import Processes

/// Changes a catalogue file as a person with an editor would: line by line, with all comments and the order kept. Two who change it
/// at once come one after the other, and readers see the file before or after, never half of it.
package struct CatalogueFile: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    package enum Change: Sendable, Hashable {
        case done
        /// It was so already.
        case nothing
        /// There is no such section.
        case missing
    }

    /// Adds a section at the end, unless there is one of its name.
    package func add(_ name: String, _ values: [(key: String, value: String)]) throws(ProcessError) -> Change {
        try change { lines in
            if Self.section(name, in: lines) != nil { return .nothing }
            if lines.last?.isEmpty == false { lines.append("") }
            lines.append("[\(name)]")
            // A line break would begin another key.
            lines += values.map { "\($0.key)=\($0.value.map { $0.isNewline ? " " : String($0) }.joined())" }
            return .done
        }
    }

    /// Makes comments of a section's lines.
    package func disable(_ name: String) throws(ProcessError) -> Change {
        try change { lines in
            guard let place = Self.section(name, in: lines) else {
                return Self.disabled(name, in: lines) == nil ? .missing : .nothing
            }
            for index in place where !lines[index].trimmed.isEmpty { lines[index] = ";" + lines[index] }
            return .done
        }
    }

    /// Makes a section of such comments again.
    package func enable(_ name: String) throws(ProcessError) -> Change {
        try change { lines in
            if Self.section(name, in: lines) != nil { return .nothing }
            guard let place = Self.disabled(name, in: lines) else { return .missing }
            for index in place { lines[index] = Self.uncommented(lines[index]) }
            return .done
        }
    }

    package func remove(_ name: String) throws(ProcessError) -> Change {
        try change { lines in
            guard let place = Self.section(name, in: lines) ?? Self.disabled(name, in: lines) else { return .missing }
            lines.removeSubrange(place)
            return .done
        }
    }

    /// The names of the sections that are comments.
    package func disabled() -> [String] {
        (Files.read(path) ?? "").split(whereSeparator: \.isNewline).compactMap { line in
            Self.isComment(String(line)) ? Self.title(Self.uncommented(String(line))) : nil
        }
    }

    /// The sections that are comments, as they would be.
    package func disabledSections(in directory: String) -> [SectionSummary] {
        let lines = (Files.read(path) ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map(String.init)
        return disabled().compactMap { name in
            guard let place = Self.disabled(name, in: lines) else { return nil }
            let text = lines[place].map(Self.uncommented).joined(separator: "\n")
            return CatalogueParser(text: text, file: path).sections.first.flatMap { SectionSummary($0, in: directory) }
        }
    }

    /// Replaces the whole text, if it is still as somebody has read it.
    /// - Returns: Whether it was.
    package func replace(_ known: String, with text: String) throws(ProcessError) -> Bool {
        try locked { () throws(ProcessError) in
            guard (Files.read(path) ?? "") == known else { return false }
            try write(text)
            return true
        }
    }

    private func change(_ body: (inout [String]) -> Change) throws(ProcessError) -> Change {
        try locked { () throws(ProcessError) in
            guard let text = Files.exists(path) ? Files.read(path) : "" else {
                throw ProcessError(.system, "Can't read \(path): \(String(cString: strerror(errno)))")
            }
            var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
            if lines.last == "" { lines.removeLast() }
            let result = body(&lines)
            if result == .done { try write(lines.map { $0 + "\n" }.joined()) }
            return result
        }
    }

    private func locked<Value>(_ body: () throws(ProcessError) -> Value) throws(ProcessError) -> Value {
        // Its directory, because the file itself is replaced.
        let lock = open(path.hasPrefix("/") ? Files.directory(of: path) : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else {
            throw ProcessError(.system, "Can't change \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }

    /// Puts a text in place of the file's, at once, with the file's owner and rights. Through links, to the file itself.
    private func write(_ text: String) throws(ProcessError) {
        var status = stat()
        let isThere = stat(path, &status) == 0
        let resolved = realpath(path, nil)
        defer { free(resolved) }
        let place = resolved.map { String(cString: $0) } ?? path
        let partial = "\(place).partial"
        unlink(partial)
        let number = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else {
            throw ProcessError(.system, "Can't write \(partial): \(String(cString: strerror(errno)))")
        }
        let file = Descriptor(number)
        let bytes = Array(text.utf8)
        // Only root can give it to whose it was.
        if isThere, geteuid() == 0 { fchown(number, status.st_uid, status.st_gid) }
        guard Glibc.write(number, bytes, bytes.count) == bytes.count, fsync(number) == 0,
            fchmod(number, isThere ? status.st_mode & 0o7777 : 0o644) == 0, rename(partial, place) == 0
        else {
            let problem = String(cString: strerror(errno))
            unlink(partial)
            throw ProcessError(.system, "Can't write \(place): \(problem)")
        }
        withExtendedLifetime(file) {}
    }

    /// The lines of a section: from its title up to the next one's, without the empty lines and comments before that.
    private static func section(_ name: String, in lines: [String]) -> Range<Int>? {
        guard let start = lines.firstIndex(where: { title($0) == name }) else { return nil }
        var end = lines[(start + 1)...].firstIndex { title($0) != nil } ?? lines.endIndex
        while end > start + 1, lines[end - 1].trimmed.isEmpty || isComment(lines[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The lines of a section that are comments by the same sign, with the comments that had been in it. It ends where something
    /// stands that was no part of it: another title, a sentence, an empty line.
    private static func disabled(_ name: String, in lines: [String]) -> Range<Int>? {
        guard let start = lines.firstIndex(where: { isComment($0) && title(uncommented($0)) == name }) else {
            return nil
        }
        let sign = lines[start].trimmed.first
        let end = lines[(start + 1)...].firstIndex { line in
            guard line.trimmed.first == sign, case let inner = uncommented(line) else { return true }
            if isComment(inner) { return title(uncommented(inner)) != nil }
            guard title(inner) == nil, let equals = inner.firstIndex(of: "=") else { return true }
            return !CatalogueSection.keys.contains(inner[..<equals].trimmed.lowercased())
        }
        return start..<(end ?? lines.endIndex)
    }

    private static func isComment(_ line: String) -> Bool { line.trimmed.first.map { $0 == ";" || $0 == "#" } ?? false }

    /// Without one sign.
    private static func uncommented(_ line: String) -> String {
        line.trimmed.dropFirst().trimmed
    }

    /// A section's name as machines have it.
    private static func title(_ line: String) -> String? {
        let text = line.trimmed
        guard text.hasPrefix("["), text.hasSuffix("]"), text.count > 2 else { return nil }
        return CatalogueSection(title: text.dropFirst().dropLast().trimmed, file: "", line: 0).name
    }
}
