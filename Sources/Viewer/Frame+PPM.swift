extension Frame {
    /// Reads a picture in the format of QEMU's `screendump`: a binary portable pixmap (P6, ppm(5)) of 8 bits a channel.
    /// - Throws: `ViewerError` `.unexpected`.
    package init(ppm bytes: [UInt8]) throws(ViewerError) {
        var header = PPMHeader(bytes: bytes)
        guard header.word() == "P6", let width = header.number(), let height = header.number(),
            (1...Frame.longestSide).contains(width), (1...Frame.longestSide).contains(height), header.number() == 255,
            bytes.count == header.end + 1 + 3 * width * height
        else { throw ViewerError(.unexpected, "This is no whole portable pixmap of 8 bits a channel.") }
        self.init(width: width, height: height)
        let start = header.end + 1
        for place in pixels.indices {
            let red = start + 3 * place
            pixels[place] = UInt32(bytes[red]) << 16 | UInt32(bytes[red + 1]) << 8 | UInt32(bytes[red + 2])
        }
    }

    /// More than any screen has; keeps a broken size from eating the memory.
    static let longestSide = 16384
}

/// The words before the pixels: separated by white space, with comments from `#` to the end of a line.
private struct PPMHeader {
    let bytes: [UInt8]
    /// The place after the last word that was read.
    var end = 0

    mutating func word() -> String? {
        while end < bytes.count, isSpace(bytes[end]) || bytes[end] == UInt8(ascii: "#") {
            if bytes[end] == UInt8(ascii: "#") {
                while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            } else {
                end += 1
            }
        }
        let start = end
        while end < bytes.count, !isSpace(bytes[end]) { end += 1 }
        return start == end ? nil : String(decoding: bytes[start..<end], as: UTF8.self)
    }

    mutating func number() -> Int? { word().flatMap { Int($0) } }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
