/// One `[name]` section of a catalogue file, as written.
struct CatalogueSection: Sendable, Hashable {
    struct Value: Sendable, Hashable {
        var text: String
        var line: Int
    }

    /// What stands between the brackets.
    var title: String
    var file: String
    var line: Int
    /// Keys in lower case.
    var values: [String: Value] = [:]

    static let keys: Set<String> = ["url", "description", "path", "format", "memory", "cpu", "arch"]

    /// The machine's name. A title may also be a path or an address; its last part is the name then.
    var name: String {
        title.contains("/") ? title.split(separator: "/").last.map(String.init) ?? "" : title
    }

    /// Text of a key, nil if it is missing or empty.
    func text(_ key: String) -> String? {
        guard let text = values[key]?.text, !text.isEmpty else { return nil }
        return text
    }

    func warning(_ key: String, _ problem: String, _ advice: String) -> CatalogueWarning {
        CatalogueWarning(
            file: file, line: values[key]?.line ?? line, machine: name, problem: problem, advice: advice)
    }
}
