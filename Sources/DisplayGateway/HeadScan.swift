/// Looks for the empty line at a head's end, at each byte once, however many pieces it comes in.
struct HeadScan {
    private var scanned = 0
    private var lineFeeds = 0

    /// - Parameter bytes: All that has come so far: what the call before had, and more.
    /// - Returns: How many bytes stand before the empty line, once it is there.
    mutating func end(of bytes: some RandomAccessCollection<UInt8>) -> Int? {
        for byte in bytes.dropFirst(scanned) {
            scanned += 1
            switch byte {
            case 10:
                lineFeeds += 1
                if lineFeeds == 2 { return scanned >= 4 ? scanned - 4 : nil }
            case 13: break
            default: lineFeeds = 0
            }
        }
        return nil
    }
}
