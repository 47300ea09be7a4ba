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
                lines.append("\(Self.indent(name))\(name.leaf):")
            }
            open = sections
            let text = "\(Self.indent(KeyName(key.name)))\(key.leaf): \(key.value(in: self, redacted: redacted))"
            lines.append("\(text)  # \("\(origins[key.name])".onOneLine)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func indent(_ name: KeyName) -> String {
        String(repeating: "  ", count: name.parts.count - 1)
    }
}
