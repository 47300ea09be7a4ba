/// A picture as a viewer sees it.
package struct Frame: Sendable, Hashable {
    package let width: Int
    package let height: Int
    /// Row by row from the top left, each `0xRRGGBB`.
    package internal(set) var pixels: [UInt32]

    /// A black picture.
    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = Array(repeating: 0, count: width * height)
    }

    /// Whether every pixel is black.
    package var isBlank: Bool { pixels.allSatisfy { $0 == 0 } }

    /// Whether this is what QEMU shows until the guest has set a video mode: one line of text in the middle of 640x480.
    package var isPlaceholder: Bool {
        guard width == 640, height == 480 else { return false }
        // QEMU's ui/console.c: a font of 16 rows, and the text in row (480 / 16 - 1) / 2.
        let line = (224 * width)..<(240 * width)
        return !pixels[line].allSatisfy { $0 == 0 } && pixels[..<line.lowerBound].allSatisfy { $0 == 0 }
            && pixels[line.upperBound...].allSatisfy { $0 == 0 }
    }

    /// How much this picture is like another one, 0...1: of the pixels that are not black in both, the share that is
    /// the same. Black ones do not count, because they would make all screens of text alike.
    ///
    /// Pictures of different sizes have nothing in common.
    package func similarity(to other: Frame) -> Double {
        guard width == other.width, height == other.height else { return 0 }
        var same = 0
        var lit = 0
        for (mine, its) in zip(pixels, other.pixels) where mine | its != 0 {
            lit += 1
            if mine == its { same += 1 }
        }
        return lit == 0 ? 1 : Double(same) / Double(lit)
    }
}

extension Frame {
    /// Puts a rectangle of pixels in the wire's order (blue, green, red, unused) into the picture. It must fit.
    mutating func paint(_ bytes: [UInt8], x: Int, y: Int, width: Int, height: Int) {
        bytes.withUnsafeBytes { source in
            pixels.withUnsafeMutableBufferPointer { target in
                for row in 0..<height {
                    for column in 0..<width {
                        let place = 4 * (row * width + column)
                        let pixel = source.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                        target[(y + row) * self.width + x + column] = UInt32(littleEndian: pixel) & 0xff_ff_ff
                    }
                }
            }
        }
    }
}
