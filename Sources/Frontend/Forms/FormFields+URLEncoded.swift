import Domain

extension FormFields {
    /// Reads `application/x-www-form-urlencoded` (URL Standard, section 5.1), but repairs nothing.
    init(urlEncoded body: [UInt8]) throws(FrontendError) {
        self.init()
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(halves[0])?.text else { throw .badBody("a field's name is no text") }
            let value = halves.count == 2 ? Self.decode(halves[1])?.text : ""
            try add(name, value.map { .text($0) } ?? .unreadable)
        }
    }

    /// The bytes behind a field's name or value, or nil if it is wrong.
    private static func decode(_ encoded: ArraySlice<UInt8>) -> [UInt8]? {
        PercentEncoding.decoded(encoded.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
    }
}
