import CQREncode

/// A QR code as the path of an SVG, one unit a module, without the quiet zone.
struct QRCode: Sendable, Hashable {
    /// Modules on a side.
    let width: Int
    /// Value of the `d` attribute: the dark modules.
    let path: String

    /// - Returns: nil when the text does not fit into a QR code (2,953 bytes, ISO/IEC 18004 at level L).
    init?(_ text: String) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard let modules = code.pointee.data else { return nil }
        self.width = width
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                // Bit 0 of a module is its colour; the others say what it is for.
                while column < width, modules[row * width + column] & 1 == 1 { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        self.path = path
    }
}
