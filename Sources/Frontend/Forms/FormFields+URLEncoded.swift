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

    /// The bytes behind a percent encoding, or nil if it is wrong.
    private static func decode(_ encoded: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var place = encoded.startIndex
        while place < encoded.endIndex {
            switch encoded[place] {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard place + 2 < encoded.endIndex, let high = digit(encoded[place + 1]),
                    let low = digit(encoded[place + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                place += 2
            case let byte: decoded.append(byte)
            }
            place += 1
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
