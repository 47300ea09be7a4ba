import Domain

/// Rows under headings, in columns as wide as they need to be; each cell on one line, whatever is in it.
struct Table {
    var headings: [String]
    var rows: [[String]]

    var lines: [String] {
        let all = [headings] + rows.map { row in row.map { $0.printable() } }
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }
    }

    func print() {
        for line in lines { Console.print(line) }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
