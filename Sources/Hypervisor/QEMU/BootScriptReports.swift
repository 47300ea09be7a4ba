import Domain

/// Finds the reports of boot scripts in what a guest writes to its console, piece by piece.
struct BootScriptReports {
    /// A line that has not ended. Longer ones are no report.
    private var rest: [UInt8] = []
    private static let longest = 400
    /// Reports of one session that are told: a guest may write as many as it likes.
    private var left = 64

    mutating func results(in piece: [UInt8]) -> [BootScriptResult] {
        var found: [BootScriptResult] = []
        for byte in piece {
            if byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
                if rest.count <= Self.longest { rest.append(byte) }
                continue
            }
            defer { rest = [] }
            guard left > 0, rest.count <= Self.longest,
                let result = BootScriptResult(line: String(decoding: rest, as: UTF8.self))
            else { continue }
            left -= 1
            found.append(result)
        }
        return found
    }
}
