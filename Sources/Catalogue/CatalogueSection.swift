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

    /// The keys of a section and what each means; the document of machines has the same table.
    static let documentation: [(keys: [String], meaning: String)] = [
        (["description"], "One line for people."),
        (
            ["path"],
            "The file, if it has another name than the section: below the machines directory, or absolute. Quotation marks around it are left out. Files whose names are no machine's name (spaces, umlauts, more than 64 bytes) are offered so."
        ),
        (["url"], "Where to get the file; said when it is missing."),
        (
            ["format"],
            "`qcow2`, `raw`, `vdi`, `vmdk`, `vhd` (`vpc`), `vhdx`, `qed` or `iso`. It must be what the bytes say; it never overrides them. Needed for a raw disk whose name promises another format, and for `raw` where an ISO that is a disk as well shall be a disk."
        ),
        (
            ["memory", "cpu"],
            "What the machine needs at least: GiB, processors. A memory that looks like MiB (2048) is asked back; 2048.0 means it."
        ),
        (["arch"], "`x86_64` or `amd64`. Another one is refused, because machines here are x86_64."),
    ]
    static let keys = Set(documentation.flatMap(\.keys))

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
