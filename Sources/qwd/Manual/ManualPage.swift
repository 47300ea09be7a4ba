import Settings

/// A manual page, in the macros of man(7).
struct ManualPage {
    let name: String
    let section: Int
    private var lines: [String]

    var file: String { "\(name).\(section)" }
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// - Parameter abstract: What it is, in a few words without a full stop.
    init(_ name: String, _ section: Int, _ abstract: String) {
        self.name = name
        self.section = section
        // Without a date: the same program makes the same page.
        lines = [
            ".TH \(name.uppercased().roff) \(section) \"\" \"qwd \(Version.text)\"", ".SH NAME",
            "\(name.roff) \\- \(abstract.roff)",
        ]
    }

    mutating func heading(_ title: String) { lines.append(".SH \"\(title.roff)\"") }

    mutating func subheading(_ title: String) { lines.append(".SS \"\(title.roff)\"") }

    mutating func paragraph(_ text: String) { lines += [".PP"] + text.roffLines }

    /// Something with a name, and what there is to say of it.
    mutating func item(_ tag: String, _ paragraphs: [String]) {
        lines += [".TP", "\\fB\(tag.roff)\\fP"]
        for (index, paragraph) in paragraphs.enumerated() {
            // A paragraph of an item stays as far in as the item.
            if index > 0 { lines.append(".IP") }
            lines += paragraph.roffLines
        }
    }

    /// Lines as they are.
    mutating func example(_ text: [String]) { lines += [".PP", ".nf", ".RS"] + text.map(\.roffLine) + [".RE", ".fi"] }

    mutating func seeAlso(_ pages: [(String, Int)]) {
        heading("SEE ALSO")
        let names = pages.filter { $0.0 != name }.map { "\\fB\($0.0.roff)\\fP(\($0.1))" }
        lines.append(names.joined(separator: ", "))
    }
}

extension String {
    /// As words of troff: nothing in it is a request, and a hyphen is the one that is typed.
    var roff: String {
        unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\e"
            case "-": "\\-"
            case "\"": "\\(dq"
            case "'": "\\(aq"
            case "`": "\\(ga"
            case "~": "\\(ti"
            case "^": "\\(ha"
            case _ where scalar.isASCII: String(scalar)
            default: "\\[u\(Self.hexadecimal(scalar))]"
            }
        }.joined()
    }

    /// A line that is none of troff's requests, whatever it begins with.
    fileprivate var roffLine: String {
        let text = roff
        return text.hasPrefix(".") ? "\\&\(text)" : text
    }

    /// A paragraph: what is code in Markdown is bold.
    fileprivate var roffLines: [String] {
        let parts = split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index.isMultiple(of: 2) ? String(part).roff : "\\fB\(String(part).roff)\\fP"
        }
        return parts.joined().wrapped(to: 110).map { $0.hasPrefix(".") ? "\\&\($0)" : $0 }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        // At least four digits (groff_char(7)).
        return digits.count < 4 ? String(repeating: "0", count: 4 - digits.count) + digits : digits
    }
}
