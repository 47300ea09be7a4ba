package import FoundationEssentials

/// One thing that `bind` or `unbind` does, which can be shown before it is done.
package enum Edit: Hashable, Sendable {
    case file(FileEdit)
    /// Text for an attribute of sysfs.
    case attribute(path: String, value: String)
    /// A program with its arguments; no shell is between.
    case command([String])

    package var lines: [String] {
        switch self {
        case .file(let edit): edit.lines
        case .attribute(let path, "\n"): ["clear \(path)"]
        case .attribute(let path, let value): ["write \(value) to \(path)"]
        case .command(let words): ["run \(words.joined(separator: " "))"]
        }
    }
}

/// What a file is, and what it becomes. Nil is no file.
package struct FileEdit: Hashable, Sendable {
    package let path: String
    package let before: Data?
    package let after: Data?

    /// As a person reads it: what goes with a minus, what comes with a plus.
    package var lines: [String] {
        let title =
            switch (before, after) {
            case (nil, _): "make \(path)"
            case (_, nil): "remove \(path)"
            case (_, _): "edit \(path)"
            }
        let (old, new) = (Self.split(before), Self.split(after))
        let start = zip(old, new).prefix { $0 == $1 }.count
        let end = zip(old.dropFirst(start).reversed(), new.dropFirst(start).reversed()).prefix { $0 == $1 }.count
        return [title] + old[start..<(old.count - end)].map { "  - \($0)" }
            + new[start..<(new.count - end)].map { "  + \($0)" }
    }

    private static func split(_ text: Data?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        var lines = text.split(separator: 10, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}
