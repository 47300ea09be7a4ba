extension Settings {
    /// The effective configuration as a file that could be read again, with the origin of each value beside it.
    /// - Parameter redacted: Whether passwords are hidden.
    package func yaml(redacted: Bool = true) -> String {
        var lines: [String] = []
        var section = ""
        for key in SettingsSchema.keys {
            if key.section != section {
                section = key.section
                lines.append("\(section):")
            }
            let indent = section.isEmpty ? "" : "  "
            lines.append(
                "\(indent)\(key.leaf): \(key.value(in: self, redacted: redacted))  # \("\(origins[key.name])".onOneLine)"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
