import Glibc

/// Frames on their way from one socket to the other one, as QEMU and passt write them: a length of four bytes in network order,
/// then so many bytes (qemu(1), -netdev stream).
struct FrameQueue {
    /// No frame is longer: the largest packet of IPv4, and its Ethernet header.
    static let longestFrame = 65_535 + 14
    /// Bytes past which nothing is read, so that the sender waits.
    let capacity: Int
    private var bytes: [UInt8] = []
    private var scratch = [UInt8](repeating: 0, count: 1 << 16)
    /// Where the first frame begins that was not sent as a whole.
    private var start = 0
    /// How much of it was sent.
    private var sent = 0

    /// - Parameter capacity: More than the longest frame, because only whole ones are sent.
    init(capacity: Int) {
        precondition(capacity > Self.longestFrame + 4)
        self.capacity = capacity
    }

    /// Bytes that wait.
    var count: Int { bytes.count - start - sent }
    var isFull: Bool { count >= capacity }
    /// Whether a frame was begun. Its rest must follow as soon as it can, because the receiver waits for it.
    var isBegun: Bool { sent > 0 }
    var hasFrame: Bool { frame(at: start) != nil }

    /// Takes what a socket has.
    /// - Returns: False at its end, or if what comes is no frames.
    mutating func read(from socket: CInt) -> Bool {
        let count = recv(socket, &scratch, scratch.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return count < 0 && Self.isForNow }
        if start > capacity {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += scratch[..<count]
        return (length(at: start) ?? 0) <= Self.longestFrame
    }

    /// Sends whole frames until as much as is allowed has gone, or the socket takes no more.
    /// - Parameters:
    ///   - allowed: Bytes. The last frame may go beyond.
    ///   - edit: May change a frame, which it is given by its place, before any of it is sent; also more than once.
    /// - Returns: How many bytes were sent, or nil if the socket has ended.
    mutating func send(to socket: CInt, allowed: Int, edit: (inout [UInt8], Range<Int>) -> Void) -> Int? {
        var end = start
        while end - start < sent + allowed, let frame = frame(at: end) {
            if end > start || sent == 0 { edit(&bytes, frame) }
            end = frame.upperBound
        }
        let from = start + sent
        guard end > from else { return 0 }
        let count = bytes.withUnsafeBytes {
            Glibc.send(socket, $0.baseAddress.map { $0 + from }, end - from, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        }
        guard count >= 0 else { return Self.isForNow ? 0 : nil }
        sent += count
        while let frame = frame(at: start), sent >= 4 + frame.count {
            sent -= 4 + frame.count
            start = frame.upperBound
        }
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        }
        return count
    }

    /// Where a frame is that has come as a whole.
    private func frame(at place: Int) -> Range<Int>? {
        guard let length = length(at: place), place + 4 + length <= bytes.count else { return nil }
        return (place + 4)..<(place + 4 + length)
    }

    private func length(at place: Int) -> Int? {
        guard place + 4 <= bytes.count else { return nil }
        return bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }

    private static var isForNow: Bool { [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) }
}
