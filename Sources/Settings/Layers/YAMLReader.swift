import Yams

/// Turns the text of one file into entries. Nothing in it is evaluated: what a value means is up to its key.
struct YAMLReader {
    private let path: String
    private var layer = SettingsLayer()

    static func layer(of text: String, path: String) -> SettingsLayer {
        var reader = YAMLReader(path: path)
        do throws(BrokenYAML) {
            if let root = try YAMLText(text).compose() { reader.readTop(root) }
        } catch {
            reader.report(
                line: error.line, found: "broken YAML (\(error.problem))",
                expected: "\"key: value\" lines, indented with spaces")
        }
        return reader.layer
    }

    private init(path: String) { self.path = path }

    private mutating func readTop(_ root: Node) {
        if RawValue(root).isNull { return }
        guard let mapping = root.mapping else {
            report(line: root.mark?.line, found: RawValue(root).kind, expected: "sections and keys, as in \"worker:\"")
            return
        }
        readMembers(of: mapping, in: "")
    }

    private mutating func readMembers(of mapping: Node.Mapping, in section: String) {
        for member in members(of: mapping, in: section) {
            // A name that has dots itself, as in "log.level: debug", is none of this section.
            let isPlain = !member.leaf.contains(".")
            if isPlain, let key = SettingsSchema.key(named: member.name) {
                append(key, member)
            } else if isPlain, SettingsSchema.sections.contains(member.name) {
                readSection(member)
            } else {
                layer.errors.append(.unknownKey(member.name, origin: origin(member.line)))
            }
        }
    }

    private mutating func readSection(_ section: Member) {
        // A section of which every line is a comment.
        if RawValue(section.value).isNull { return }
        guard let mapping = section.value.mapping else {
            report(
                line: section.line, key: section.name, found: RawValue(section.value).kind,
                expected: "a section with " + SettingsSchema.names(in: section.name).joined(separator: ", "))
            return
        }
        readMembers(of: mapping, in: section.name)
    }

    private struct Member {
        /// As the file has it.
        var leaf: String
        /// With the sections around it.
        var name: String
        var line: Int?
        var value: Node
    }

    /// The members of a mapping in order. Reports keys that are no text and those that come again.
    private mutating func members(of mapping: Node.Mapping, in section: String) -> [Member] {
        var members: [Member] = []
        for (key, value) in mapping {
            guard let scalar = key.scalar else {
                report(line: key.mark?.line, key: section, found: "\(RawValue(key).kind) as a key", expected: "a name")
                continue
            }
            let leaf = YAMLText.unmarked(scalar.string)
            let member = Member(
                leaf: leaf, name: KeyName.join(section, leaf), line: scalar.mark?.line, value: value)
            if let first = members.first(where: { $0.name == member.name }) {
                report(
                    line: member.line, key: member.name,
                    found: "a second value" + (first.line.map { " (the first is in line \($0))" } ?? ""),
                    expected: "each key once")
            }
            members.append(member)
        }
        return members
    }

    private mutating func append(_ key: SettingsKey, _ member: Member) {
        layer.entries.append(SettingsEntry(key: key, value: RawValue(member.value), origin: origin(member.line)))
    }

    private mutating func report(line: Int?, key: String = "", found: String, expected: String) {
        layer.errors.append(SettingsError(origin: origin(line), key: key, found: found, expected: expected))
    }

    private func origin(_ line: Int?) -> SettingsOrigin { .file(path: path, line: line) }
}
