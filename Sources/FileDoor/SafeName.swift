/// A name that is harmless in any shell and any directory, made of what a browser says that a file is called.
package enum SafeName {
    /// Most file systems have 255 bytes, of which a number for the second one of a name takes some.
    static let longest = 200

    package static func make(_ text: String) -> String {
        // Browsers of all systems: the last part counts, whatever the parts are divided by.
        let last = text.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var name = String(
            String.UnicodeScalarView(last.unicodeScalars.map { isHarmless($0) ? $0 : "_" }))
        // Neither hidden nor an option.
        while let first = name.first, first == "." || first == "-" || first == " " { name.removeFirst() }
        while let end = name.last, end == "." || end == " " { name.removeLast() }
        return name.isEmpty ? "file" : shortened(name)
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: !"/\\:*?\"<>|".unicodeScalars.contains(scalar)
        }
    }

    /// The same with the end of the name, which tells what it is, kept.
    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > longest else { return name }
        let suffix = name.lastIndex(of: ".").map { name[$0...] }.flatMap { $0.utf8.count <= 20 ? $0 : nil } ?? ""
        var stem = name.dropLast(suffix.count)
        while stem.utf8.count + suffix.utf8.count > longest { stem.removeLast() }
        return String(stem + suffix)
    }

    /// What the next one of the same name is called: `a (2).txt`.
    static func numbered(_ name: String, _ number: Int) -> String {
        guard number > 1 else { return name }
        let suffix = name.lastIndex(of: ".").map { name[$0...] } ?? ""
        return "\(name.dropLast(suffix.count)) (\(number))\(suffix)"
    }
}
