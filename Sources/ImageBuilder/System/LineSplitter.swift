/// Cuts a stream of bytes into lines. A carriage return ends one too: progress meters draw over their line with it.
struct LineSplitter {
    private var rest: [UInt8] = []

    mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
                rest.append(byte)
            } else if !rest.isEmpty {
                lines.append(String(decoding: rest, as: UTF8.self))
                rest.removeAll(keepingCapacity: true)
            }
        }
        return lines
    }

    /// What came after the last line end.
    mutating func end() -> String? {
        defer { rest = [] }
        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }
}
