/// The table of all keys. Everything that knows a key's name gets it from here.
package enum SettingsSchema {
    static let variablePrefix = "QWD_"

    /// All keys in the order of the file, those of one section together.
    package static let keys: [SettingsKey] =
        Settings.keys + Settings.Redis.keys + Settings.Machines.keys + Settings.Frontend.keys + Settings.Worker.keys
        + Settings.Display.keys + Settings.Defaults.keys + Settings.Form.keys + Settings.Limits.keys
        + Settings.Auth.keys + Settings.Scheduler.keys + Settings.Log.keys

    /// The names of the sections.
    static let sections = Set(keys.map(\.section)).subtracting([""])

    private static let byName = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })
    private static let byVariable = Dictionary(uniqueKeysWithValues: keys.map { ($0.variable, $0) })

    /// The key with a dotted name.
    package static func key(named name: String) -> SettingsKey? { byName[name] }

    /// The key that an environment variable sets.
    package static func key(variable: String) -> SettingsKey? { byVariable[variable] }

    /// The names that may stand in a section; the empty section is the top of the file.
    static func names(in section: String) -> [String] {
        let own = keys.filter { $0.section == section }.map(\.leaf)
        return section.isEmpty ? own + sections.sorted() : own
    }

    /// The name that was probably meant by an unknown one: one that looks alike, or the same in another section.
    static func suggestion(for name: String) -> String? {
        // A section itself is misused, not misspelled.
        if sections.contains(name) { return nil }
        if let near = Spelling.nearest(to: name, among: keys.map(\.name) + sections) { return near }
        let leaf = name.split(separator: ".").last.map(String.init) ?? name
        return keys.first { $0.leaf == leaf }?.name
    }
}
