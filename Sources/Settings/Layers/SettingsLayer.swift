/// One value for one key.
struct SettingsEntry: Sendable {
    var key: SettingsKey
    var value: RawValue
    var origin: SettingsOrigin
}

/// What one source says: values in order, and what could not be understood.
struct SettingsLayer: Sendable {
    var entries: [SettingsEntry] = []
    var errors: [SettingsError] = []
}

extension SettingsLayer {
    /// The `QWD_...` variables in the order of their names.
    static func environment(_ environment: [String: String]) -> SettingsLayer {
        var layer = SettingsLayer()
        let own = environment.filter { $0.key.hasPrefix(SettingsSchema.variablePrefix) }
        for (variable, text) in own.sorted(by: { $0.key < $1.key }) {
            let origin = SettingsOrigin.environment(variable: variable)
            if let key = SettingsSchema.key(variable: variable) {
                layer.entries.append(SettingsEntry(key: key, value: RawValue(content: .argument(text)), origin: origin))
            } else {
                let near = Spelling.nearest(to: variable, among: SettingsSchema.keys.map(\.variable))
                layer.errors.append(
                    SettingsError(
                        origin: origin, key: "", found: "an unknown variable",
                        expected: "a key's name, as in QWD_WORKER_NAME for worker.name",
                        advice: near.map { "did you mean \($0)?" }))
            }
        }
        return layer
    }

    /// `section.key=value` texts; a later one wins.
    static func overrides(_ overrides: [String]) -> SettingsLayer {
        var layer = SettingsLayer()
        for override in overrides {
            let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                layer.errors.append(
                    SettingsError(
                        origin: .flag, key: "", found: "no \"=\"",
                        expected: "section.key=value, as in worker.name=desk1"))
                continue
            }
            if let key = SettingsSchema.key(named: parts[0]) {
                layer.entries.append(
                    SettingsEntry(key: key, value: RawValue(content: .argument(parts[1])), origin: .flag))
            } else {
                layer.errors.append(.unknownKey(parts[0], origin: .flag))
            }
        }
        return layer
    }
}

extension SettingsError {
    /// - Parameter name: The dotted name.
    static func unknownKey(_ name: String, origin: SettingsOrigin) -> SettingsError {
        let dotted = KeyName(name)
        let section = (dotted.sections + [name]).last { SettingsSchema.sections.contains($0) } ?? ""
        let advice =
            if origin != .flag, SettingsSchema.key(named: name) != nil || SettingsSchema.sections.contains(name) {
                // A file has it with its dots.
                "write \(dotted.inFile)"
            } else {
                SettingsSchema.suggestion(for: name).map { "did you mean \($0)?" }
            }
        return SettingsError(
            origin: origin, key: name.onOneLine, found: "an unknown key",
            expected: "one of " + SettingsSchema.names(in: section).joined(separator: ", "), advice: advice)
    }
}
