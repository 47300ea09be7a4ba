package import Catalogue

/// Our machines.conf, made of the files of the reference, which have the same format.
package struct CatalogueImport: Sendable {
    /// A line of the new file, and where it comes from.
    private struct Line {
        var text: String
        var place: String?
    }

    private var lines: [Line] = []
    package private(set) var outcomes: [SettingsImport.Outcome] = []

    /// - Parameter files: Paths and texts, in the order in which they were read there.
    package init(files: [(path: String, text: String)]) {
        for (path, text) in files {
            lines.append(Line(text: "; \(path)"))
            for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                lines.append(Line(text: String(line), place: "\(path):\(index + 1)"))
            }
        }
    }

    package var text: String { lines.map { "\($0.text)\n" }.joined() }

    package var isEmpty: Bool { lines.allSatisfy { $0.place == nil } }

    /// Notes what the reader of catalogues has to say of the new file, with the places of the old ones. Lines that it does not
    /// understand become comments, so that they are not asked about for ever; nothing is lost by that.
    package mutating func note(_ warnings: [CatalogueWarning]) {
        for warning in warnings {
            let line = warning.line.flatMap { lines.indices.contains($0 - 1) ? $0 - 1 : nil }
            let isLeftOut = line.map { Self.isValue(lines[$0].text) && warning.problem.contains("no key") } ?? false
            if let line, isLeftOut { lines[line].text = ";" + lines[line].text }
            outcomes.append(
                SettingsImport.Outcome(
                    place: line.flatMap { lines[$0].place } ?? warning.file, key: warning.machine ?? "-",
                    fate: isLeftOut ? ReferenceKey.Fate.dropped.rawValue : ReferenceKey.Fate.carried.rawValue,
                    text: warning.text))
        }
    }

    private static func isValue(_ line: String) -> Bool { !line.drop(while: \.isWhitespace).hasPrefix("[") }
}
