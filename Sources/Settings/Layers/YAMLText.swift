import Yams

/// The text of a YAML file on its way to nodes.
struct YAMLText {
    private var text: String

    /// Put before a key that comes a second time. Of the private use area, so no file has it for another reason.
    private static let mark: Character = "\u{E000}"
    /// Ends the search in a file made to have endless repeated keys.
    private static let mostRepetitions = 100

    init(_ text: String) { self.text = text }

    /// The key as the file has it.
    static func unmarked(_ key: String) -> String { String(key.drop { $0 == mark }) }

    /// The root of the one document, nil for an empty file.
    ///
    /// Yams gives up at a repeated key. To find everything else that is wrong too, the first of the two gets a mark
    /// (`unmarked` removes it) and the text is read again. The lines stay the same.
    func compose() throws(BrokenYAML) -> Node? {
        var copy = self
        for _ in 0..<Self.mostRepetitions {
            do {
                // The encoding is named because Yams else takes it from the environment and prints what it found.
                return try Yams.compose(yaml: copy.text, .basic, .default, .utf8)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                guard copy.markKey(in: keys, at: context.mark) else { throw .repeated(keys, context.mark.line) }
            } catch {
                throw BrokenYAML(error)
            }
        }
        throw BrokenYAML(line: nil, problem: "too many repeated keys")
    }

    /// Marks the key that starts at a place; false if there is none of these, an anchor or a tag for example.
    private mutating func markKey(in keys: [String], at place: Mark) -> Bool {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(place.line - 1) else { return false }
        let line = lines[place.line - 1]
        guard
            var start = line.unicodeScalars.index(
                line.startIndex, offsetBy: place.column - 1, limitedBy: line.endIndex)
        else { return false }
        if let quote = line[start...].first, quote == "\"" || quote == "'" { start = line.index(after: start) }
        guard keys.contains(where: { line[start...].hasPrefix($0) }) else { return false }
        text.insert(Self.mark, at: start)
        return true
    }
}

/// A text that is no YAML.
struct BrokenYAML: Error {
    var line: Int?
    /// The words of libyaml; never a part of the file, which may hold a password.
    var problem: String

    init(line: Int?, problem: String) {
        self.line = line
        self.problem = problem
    }

    static func repeated(_ keys: [String], _ line: Int) -> BrokenYAML {
        BrokenYAML(line: line, problem: "a key comes twice: " + keys.joined(separator: ", "))
    }

    init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _)?, .parser(let context, let problem, let mark, _)?,
            .composer(let context, let problem, let mark, _)?:
            let since = context.map { " \($0.text) that starts in line \($0.mark.line)" } ?? ""
            self.init(line: mark.line, problem: problem + since)
        case .reader(let problem, let offset, _, let yaml)?:
            self.init(line: offset.map { yaml.prefix($0).count(where: \.isNewline) + 1 }, problem: problem)
        case .memory?, .no?, .writer?, .emitter?, .representer?, .dataCouldNotBeDecoded?, .duplicatedKeysInMapping?,
            nil:
            self.init(line: nil, problem: "it could not be read")
        }
    }
}
