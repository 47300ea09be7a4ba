extension FormFields {
    /// Reads `multipart/form-data` (RFC 7578). A part that is a file is refused: no field of ours is one.
    init(multipart body: [UInt8], boundary: String) throws(FrontendError) {
        self.init()
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line break before it.
        let body = Array("\r\n".utf8) + body
        guard var start = body.firstRange(of: delimiter)?.upperBound else { throw .badBody("no part") }
        while !body[start...].starts(with: Array("--".utf8)) {
            guard body[start...].starts(with: Array("\r\n".utf8)) else { throw .badBody("a part begins wrongly") }
            guard let end = body[start...].firstRange(of: delimiter) else { throw .badBody("the last part has no end") }
            try add(part: body[start..<end.lowerBound])
            start = end.upperBound
        }
    }

    private mutating func add(part: ArraySlice<UInt8>) throws(FrontendError) {
        guard let gap = part.firstRange(of: Array("\r\n\r\n".utf8)) else { throw .badBody("a part without headers") }
        guard let head = Array(part[..<gap.lowerBound]).text else { throw .badBody("a part's header is no text") }
        let disposition = head.split(whereSeparator: \.isNewline)
            .first { $0.lowercased().hasPrefix("content-disposition:") }
        guard let disposition, let name = Self.parameter("name", of: disposition), !name.isEmpty else {
            throw .badBody("a part without a name")
        }
        guard Self.parameter("filename", of: disposition) == nil else { throw .badBody("the field \(name) is a file") }
        try add(name, Array(part[gap.upperBound...]).text.map { .text($0) } ?? .unreadable)
    }

    static func boundary(in parameters: Substring) -> String? {
        // RFC 2046, section 5.1.1: 1 to 70 characters.
        parameter("boundary", of: ";" + parameters).flatMap { (1...70).contains($0.utf8.count) ? $0 : nil }
    }

    /// The value of `; name=value` or `; name="value"` in a header.
    private static func parameter(_ name: String, of header: some StringProtocol) -> String? {
        for piece in header.split(separator: ";").dropFirst(header.first == ";" ? 0 : 1) {
            let halves = piece.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, String(halves[0].filter { $0 != " " }).lowercased() == name else { continue }
            let value = halves[1].drop { $0 == " " }
            if value.first == "\"" { return String(value.dropFirst().prefix { $0 != "\"" }) }
            return String(value.prefix { $0 != " " })
        }
        return nil
    }
}
