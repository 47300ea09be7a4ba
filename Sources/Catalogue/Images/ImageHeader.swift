import Glibc

/// A piece of a file. Numbers past its end are zero, so that no header is too short to be read.
struct ImageHeader: Sendable {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    func begins(_ mark: [UInt8], at offset: Int = 0) -> Bool {
        bytes.count >= offset + mark.count && bytes[offset..<offset + mark.count].elementsEqual(mark)
    }

    func begins(_ mark: String, at offset: Int = 0) -> Bool {
        begins(Array(mark.utf8), at: offset)
    }

    func isZero(_ range: Range<Int>) -> Bool {
        bytes[range.clamped(to: 0..<bytes.count)].allSatisfy { $0 == 0 }
    }

    /// A big-endian number of up to 8 bytes.
    func big(_ offset: Int, _ count: Int) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - count else { return 0 }
        var number: UInt64 = 0
        for index in offset..<offset + count { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    /// A little-endian number of up to 8 bytes.
    func little(_ offset: Int, _ count: Int) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - count else { return 0 }
        var number: UInt64 = 0
        for index in (offset..<offset + count).reversed() { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    /// Whether these very bytes are in it.
    func has(_ text: String) -> Bool {
        let text = Array(text.utf8)
        return bytes.withUnsafeBytes { all in
            guard let start = all.baseAddress, let first = text.first else { return false }
            var offset = 0
            // By the C library, because there may be megabytes.
            while offset + text.count <= all.count, let found = memchr(start + offset, CInt(first), all.count - offset)
            {
                let place = UnsafeRawPointer(found) - start
                if place + text.count <= all.count, memcmp(found, text, text.count) == 0 { return true }
                offset = place + 1
            }
            return false
        }
    }

    /// Whether a text of lower-case ASCII is in it, in whatever case.
    func contains(_ text: String) -> Bool {
        let text = Array(text.utf8)
        guard let first = text.first, bytes.count >= text.count else { return false }
        for start in 0...bytes.count - text.count where Self.lowercase(bytes[start]) == first {
            if zip(bytes[start...], text).allSatisfy({ Self.lowercase($0) == $1 }) { return true }
        }
        return false
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}

extension UInt64 {
    /// The sum, or the largest number: no file is so long, so what lies there is outside of it.
    func clampedPlus(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    func clampedTimes(_ other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// How many pieces of `size` are needed.
    func pieces(of size: UInt64) -> UInt64 {
        size == 0 ? 0 : self / size + (self % size == 0 ? 0 : 1)
    }

    var isPowerOfTwo: Bool { nonzeroBitCount == 1 }
}
