/// The table of all keys. Everything that knows a key's name gets it from here.
package enum SettingsSchema {
    static let variablePrefix = "QWD_"

    /// All keys in the order of the file, those of one section together and before the sections in it.
    package static let keys: [SettingsKey] =
        Settings.keys + Settings.Redis.keys + Settings.Machines.keys + Settings.Frontend.keys + Settings.Worker.keys
        + Settings.Network.keys + Settings.Display.keys + Settings.Defaults.keys + Settings.Form.keys
        + Settings.Limits.keys + Settings.Scripts.keys + Settings.GPU.keys + Settings.Exchange.keys
        + Settings.Auth.keys + Settings.Mail.keys + Settings.TLS.keys + Settings.Scheduler.keys + Settings.Log.keys

    /// The dotted names of the sections, those within another one too.
    static let sections = Set(keys.flatMap { KeyName($0.name).sections })

    private static let byName = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })
    private static let byVariable = Dictionary(uniqueKeysWithValues: keys.map { ($0.variable, $0) })

    /// The key with a dotted name.
    package static func key(named name: String) -> SettingsKey? { byName[name] }

    /// The key that an environment variable sets.
    package static func key(variable: String) -> SettingsKey? { byVariable[variable] }

    /// The names that may stand in a section; the empty section is the top of the file.
    static func names(in section: String) -> [String] {
        let inner = sections.map { KeyName($0) }.filter { $0.section == section }
        return keys.filter { $0.section == section }.map(\.leaf) + inner.map(\.leaf).sorted()
    }

    /// The name that was probably meant by an unknown one: one that looks alike, or the same in another section.
    static func suggestion(for name: String) -> String? {
        // A section itself is misused, not misspelled.
        if sections.contains(name) { return nil }
        let names = keys.map(\.name) + sections.sorted()
        if let near = Spelling.nearest(to: name, among: names) { return near }
        if let inner = names.first(where: { $0.hasSuffix("." + name) }) { return inner }
        let leaf = KeyName(name).leaf
        let alike = keys.filter { $0.leaf == leaf }
        return alike.count == 1 ? alike.first?.name : nil
    }
}

extension Settings {
    /// The effective configuration as a file that could be read again, with the origin of each value beside it.
    /// - Parameter redacted: Whether passwords are hidden.
    package func yaml(redacted: Bool = true) -> String {
        var lines: [String] = []
        var open: [String] = []
        for key in SettingsSchema.keys {
            let sections = KeyName(key.name).sections
            for section in sections where !open.contains(section) {
                let name = KeyName(section)
                lines.append("\(name.indent)\(name.leaf):")
            }
            open = sections
            let text = "\(KeyName(key.name).indent)\(key.leaf): \(key.value(in: self, redacted: redacted))"
            lines.append("\(text)  # \("\(origins[key.name])".onOneLine)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
