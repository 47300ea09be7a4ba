/// Reads the configuration, layer by layer, and checks it.
package enum SettingsLoader {
    /// The configuration as it stands now.
    ///
    /// Later layers win: built-in defaults, the file, `qwd.d/*.yaml` beside it in the order of their names,
    /// `QWD_...` variables, overrides. Each layer is checked in full, even where a later one wins. Blocks while it
    /// reads the files.
    /// - Parameters:
    ///   - configFile: Replaces `/etc/qwd/qwd.yaml`, and must exist. Where neither is there it is the file of the service that
    ///     this user runs.
    ///   - overrides: `section.key=value`.
    package static func load(
        configFile: String?, environment: [String: String], overrides: [String]
    ) -> Result<Settings, SettingsErrors> {
        load(
            configFile: configFile, environment: environment, overrides: overrides,
            hostEnvironment: HostEnvironment(environment: environment))
    }

    package static func load(
        configFile: String?, environment: [String: String], overrides: [String], hostEnvironment: HostEnvironment
    ) -> Result<Settings, SettingsErrors> {
        let layers =
            SettingsLayer.files(
                from: file(configFile: configFile, hostEnvironment: hostEnvironment), mustExist: configFile != nil)
            + [.environment(environment), .overrides(overrides)]
        var settings = Settings()
        var errors: [SettingsError] = []
        for layer in layers {
            var found = layer.errors
            for entry in layer.entries { found += settings.apply(entry) }
            // A stable sort: errors of one line stay as they were found.
            errors += found.sorted { $0.origin.line < $1.origin.line }
        }
        for key in SettingsSchema.keys where settings.origins[key.name] == .builtIn {
            key.applyDerivedDefault(&settings, hostEnvironment)
        }
        errors += settings.crossChecks(ignoring: Set(errors.map(\.key)))
        return errors.isEmpty ? .success(settings) : .failure(SettingsErrors(errors))
    }
}

extension SettingsLoader {
    /// The file that `load` reads first, which may be missing.
    package static func file(configFile: String?, hostEnvironment: HostEnvironment) -> String {
        configFile ?? hostEnvironment.fileOfService ?? hostEnvironment.defaultFile
    }
}

extension Settings {
    /// Sets one key and remembers where its value came from, or answers what is wrong with it.
    fileprivate mutating func apply(_ entry: SettingsEntry) -> [SettingsError] {
        do {
            try entry.key.apply(entry.value, &self)
            origins[entry.key.name] = entry.origin
            return []
        } catch {
            return error.all.map { mismatch in
                SettingsError(
                    origin: entry.origin.at(line: mismatch.line), key: entry.key.name, found: mismatch.found,
                    expected: mismatch.expected, advice: mismatch.advice)
            }
        }
    }
}

extension SettingsOrigin {
    /// 0 for what has no lines.
    fileprivate var line: Int {
        if case .file(_, let line?) = self { line } else { 0 }
    }

    /// The same file at a line, where one is known.
    fileprivate func at(line: Int?) -> SettingsOrigin {
        guard case .file(let path, _) = self, let line else { return self }
        return .file(path: path, line: line)
    }
}
