/// The name of a key or a section, such as `auth.ldap.url` or `auth.ldap`. A section may stand in another one.
struct KeyName: Sendable {
    /// From the outermost section on; empty for the top of the file.
    let parts: [String]

    init(_ text: String) { parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }

    /// The section it stands in, empty for the top of the file.
    var section: String { parts.dropLast().joined(separator: ".") }

    /// The name within its section.
    var leaf: String { parts.last ?? "" }

    /// The sections around it, the outermost first.
    var sections: [String] { parts.indices.dropFirst().map { parts[..<$0].joined(separator: ".") } }

    /// How it is written in a file, for a message.
    var inFile: String { parts.reversed().map { "\"\($0):\"" }.joined(separator: " below ") }

    /// The name of a member of a section.
    static func join(_ section: String, _ leaf: String) -> String { section.isEmpty ? leaf : section + "." + leaf }
}
