package import Settings

/// Our configuration, made of that of the reference.
package struct SettingsImport: Sendable {
    /// What became of one key.
    package struct Outcome: Sendable, Hashable {
        /// File and line.
        package var place: String
        package var key: String
        package var fate: String
        package var text: String
    }

    /// Stands for the file with the mail server's password until it is known where that goes.
    static let passwordMark = "<password file>".yaml

    package private(set) var outcomes: [Outcome] = []
    /// The mail server's password, which goes into a file of its own.
    package private(set) var mailPassword: String?
    /// Values of our keys as YAML, each with what it comes from.
    private var values: [String: (value: String, source: String)] = [:]

    /// - Parameter files: Paths and texts, in the order in which they were read there.
    package init(files: [(path: String, text: String)]) {
        var known = ReferenceConfiguration()
        var last: [String: (file: Int, assignment: PerlAssignments.Assignment)] = [:]
        var found: [(file: Int, line: Int, outcome: Outcome)] = []
        for (file, (path, text)) in files.enumerated() {
            let read = PerlAssignments(text)
            found += read.riddles.map { (file, $0.line, .riddle($0, path)) }
            for assignment in read.assignments {
                last[assignment.key] = (file, assignment)
                known.values[assignment.key] = assignment.value
            }
        }
        mailPassword = known.text("email_passwd")
        // Of several keys that become one of ours the last one counts, whatever order a dictionary has.
        let effective = last.values.sorted {
            ($0.file, $0.assignment.line, $0.assignment.key) < ($1.file, $1.assignment.line, $1.assignment.key)
        }
        for (file, assignment) in effective {
            found.append((file, assignment.line, take(assignment, "\(files[file].path):\(assignment.line)", known)))
        }
        // As somebody reads them who has the files beside.
        outcomes = found.sorted { ($0.file, $0.line) < ($1.file, $1.line) }.map(\.outcome)
    }

    private mutating func take(
        _ assignment: PerlAssignments.Assignment, _ place: String, _ known: ReferenceConfiguration
    ) -> Outcome {
        guard let key = ReferenceKey.named(assignment.key) else {
            return Outcome(
                place: place, key: assignment.key, fate: "not understood", text: "No key of the reference is called so."
            )
        }
        do throws(ReferenceKey.Refusal) {
            let made = try key.convert(assignment.value, known)
            for (name, value) in made { values[name] = (value, "\(assignment.key), \(place)") }
            // One that says no, or nothing, is told from one that is a part of another's value.
            let isNothing = made.isEmpty && key.fate != .dropped && !assignment.value.isTrue
            let shown = isNothing ? "It sets nothing. " : made.map { "\($0.key): \($0.value). " }.joined()
            return Outcome(place: place, key: key.name, fate: key.fate.rawValue, text: shown + key.note)
        } catch {
            return Outcome(
                place: place, key: key.name, fate: ReferenceKey.Fate.dropped.rawValue,
                text: "Its value: \(error.reason). \(key.note)")
        }
    }

    /// Names the file with the password, or leaves it out where there is none.
    package mutating func setPasswordFile(_ path: String) {
        values["mail.password_file"]?.value = path.yaml
        for index in outcomes.indices {
            outcomes[index].text = outcomes[index].text.replacing(Self.passwordMark, with: path.yaml)
        }
    }

    /// Takes the values of keys back that are refused.
    /// - Returns: False if none of them is set here.
    package mutating func refuse(_ errors: [SettingsError]) -> Bool {
        var isDone = false
        for error in errors {
            guard let gone = values.removeValue(forKey: error.key) else { continue }
            isDone = true
            let key = gone.source.prefix { $0 != "," }
            for index in outcomes.indices where outcomes[index].key == key {
                outcomes[index].fate = ReferenceKey.Fate.dropped.rawValue
                outcomes[index].text = "\(error.key): found \(error.found), expected \(error.expected)."
            }
        }
        return isDone
    }

    /// Sets a key to a path, unless the reference says another one.
    package mutating func set(_ key: String, to path: String, because source: String) {
        if values[key] == nil { values[key] = (path.yaml, source) }
    }

    package mutating func set(_ key: String, to paths: [String], because source: String) {
        if values[key] == nil { values[key] = ("[\(paths.map(\.yaml).joined(separator: ", "))]", source) }
    }

    package func sets(_ key: String) -> Bool { values[key] != nil }

    /// The file, with what each value comes from.
    package var yaml: String {
        var lines = ["# Made by 'qwd import-reference'. 'qwd config show --defaults' has all keys."]
        var open = ""
        for key in SettingsSchema.keys {
            guard let (value, source) = values[key.name] else { continue }
            lines += Self.headings(of: key.section, behind: open)
            open = key.section
            let indent = String(
                repeating: "  ", count: key.section.isEmpty ? 0 : key.section.split(separator: ".").count)
            lines.append("\(indent)\(key.leaf): \(value)  # \(source)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The lines that open a section, but for those that are open already.
    private static func headings(of section: String, behind open: String) -> [String] {
        let (parts, known) = (section.split(separator: "."), open.split(separator: "."))
        let common = zip(parts, known).prefix { $0 == $1 }.count
        return parts.indices.dropFirst(common).map { String(repeating: "  ", count: $0) + "\(parts[$0]):" }
    }
}

extension SettingsImport.Outcome {
    fileprivate static func riddle(_ riddle: PerlAssignments.Riddle, _ path: String) -> Self {
        let known = riddle.key.flatMap(ReferenceKey.named)
        let ours = known?.ours ?? []
        let advice = ours.isEmpty ? "" : " Say it by hand: \(ours.joined(separator: ", "))."
        let note = advice + (known.map { " \($0.note)" } ?? "")
        return Self(
            place: "\(path):\(riddle.line)", key: riddle.key ?? "-", fate: "not understood",
            text: "It is more than a plain value, and Perl is not evaluated.\(note)")
    }
}
