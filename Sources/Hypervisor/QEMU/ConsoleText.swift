import Domain

/// The end of what a machine has written to its console.
struct ConsoleText: Sendable {
    /// Bytes that are kept.
    static let limit = 64 << 10

    private(set) var bytes: [UInt8]
    /// How much came before what is kept.
    private(set) var dropped = 0

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    mutating func append(_ piece: [UInt8]) {
        bytes += piece
        // Not with each piece: to move all the rest costs more than to keep a little more for a while.
        guard bytes.count > 2 * Self.limit else { return }
        let excess = bytes.count - Self.limit
        bytes.removeFirst(excess)
        dropped += excess
    }

    /// Whether a text is in what has come since `start`, counted from the beginning of all.
    func has(_ text: String, since start: Int) -> Bool {
        let text = Array(text.utf8)
        guard let first = text.first else { return false }
        // It may have begun in an earlier piece.
        var place = max(0, start - dropped - text.count)
        while let found = bytes[place...].firstIndex(of: first) {
            if bytes[found...].starts(with: text) { return true }
            place = found + 1
        }
        return false
    }

    /// The last lines that have something in them, without what moves a terminal's cursor.
    func lastLines(_ count: Int) -> String {
        let text = String(decoding: bytes.suffix(4096), as: UTF8.self)
        // Escape sequences (ECMA-48): ESC [ and what follows up to a letter, or ESC and one more.
        let plain = text.replacing(/\u{1B}(\[[0-9;?]*[A-Za-z]|.)/, with: "")
        let lines = plain.split(whereSeparator: \.isNewline).map { line in
            String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
                .trimmed
        }
        return lines.filter { !$0.isEmpty }.suffix(count).joined(separator: " / ")
    }

    var end: Int { dropped + bytes.count }
    var kept: ArraySlice<UInt8> { bytes.suffix(Self.limit) }
}
