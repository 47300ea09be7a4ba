extension Settings {
    /// The whole file with every key as a comment, each with its meaning and its default.
    ///
    /// A comment that explains has a space behind its `#`, one that is a key has none: the file is right as it is, and with the
    /// `#` of any of the keys removed.
    package static func template(
        hostEnvironment: HostEnvironment
    ) -> String {
        let defaults = Settings.defaults(of: hostEnvironment)
        var lines = introduction
        var open: [String] = []
        for key in SettingsSchema.keys {
            let name = KeyName(key.name)
            if name.sections != open, let section = name.sections.last {
                lines += ["", "\(KeyName(section).indent)\(KeyName(section).leaf):"]
            }
            if name.sections == open { lines.append("") }
            open = name.sections
            let words =
                ["\(key.meaning)", "It takes \(key.expected)."] + (key.derivedDefault.map { ["Default: \($0)."] } ?? [])
            lines += words.flatMap { $0.wrapped(to: 100) }.map { "\(name.indent)# \($0)" }
            lines.append("\(name.indent)#\(key.leaf): \(key.value(in: defaults))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let introduction = [
        "# The configuration of qwd: every key with its default, as 'qwd config show --defaults' prints it.",
        "#",
        "# Remove the # before a key to set it. 'qwd config check' names every error; what is set beside this file, in",
        "# qwd.d/*.yaml, wins over it. See qwd.yaml(5).",
    ]

    /// What a host gets that has no configuration.
    private static func defaults(of hostEnvironment: HostEnvironment) -> Settings {
        var settings = Settings()
        for key in SettingsSchema.keys { key.applyDerivedDefault(&settings, hostEnvironment) }
        return settings
    }
}

extension KeyName {
    /// What stands before it in a file.
    var indent: String { String(repeating: "  ", count: parts.count - 1) }
}

extension String {
    /// Lines of at most so many characters; a longer word has one of its own.
    package func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        for word in split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
