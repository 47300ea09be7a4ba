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

/// Finds the word that a person probably meant.
package enum Spelling {
    /// The candidate that differs least, if it differs in no more than a third of the letters and in three at most.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let allowed = min(3, max(1, word.count / 3))
        return
            candidates
            .map { (candidate: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }
            .filter { $0.distance <= allowed }
            .min { $0.distance < $1.distance }?
            .candidate
    }

    /// Letters to insert, remove, replace or exchange with their neighbour to make one word the other (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var best = min(rows[i][j] + (letter == other ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
