extension Frame {
    /// Whether a line of VGA text (cells of 9 x 16 pixels) has that many equal characters in a row, other than blanks.
    package func hasEqualCharacters(_ count: Int) -> Bool {
        stride(from: 0, through: height - 16, by: 16).contains { top in
            var last: [UInt32] = []
            var run = 0
            return stride(from: 0, through: width - 9, by: 9).contains { left in
                let cell = (0..<16).flatMap { pixels[((top + $0) * width + left)...].prefix(9) }
                run = cell != last || cell.allSatisfy { $0 == 0 } ? 1 : run + 1
                last = cell
                return run == count
            }
        }
    }
}
