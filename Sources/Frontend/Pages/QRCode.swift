import CQREncode

/// A QR code (ISO/IEC 18004), without the quiet zone.
struct QRCode: Sendable, Hashable {
    /// Modules on a side.
    let width: Int
    private let modules: [Bool]

    /// - Returns: nil when the text does not fit into a QR code (2,953 bytes at level L).
    init?(_ text: String) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard let data = code.pointee.data else { return nil }
        self.width = width
        // Bit 0 of a module is its colour; the others say what it is for.
        modules = (0..<width * width).map { data[$0] & 1 == 1 }
    }

    /// Value of the `d` attribute of an SVG's path, one unit a module: the dark modules.
    var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, modules[row * width + column] { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }

    /// As a PNG with the quiet zone of four modules.
    /// - Parameter scale: Pixels of a module's side.
    func png(scale: Int) -> [UInt8] {
        let side = (width + 8) * scale
        return PNG.encode(width: side, height: side) { x, y in
            let (column, row) = (x / scale - 4, y / scale - 4)
            return (0..<width).contains(column) && (0..<width).contains(row) && modules[row * width + column]
        }
    }
}
