/// Makes the windows smaller that a guest offers in its TCP segments (RFC 9293 3.1), so that what is on its way to it stays in
/// proportion to its rate: passt, which is the sender there, knows no congestion. What it sends beyond a full queue is lost, and
/// it sends it again only after seconds.
struct WindowClamp {
    /// What may be on its way on one connection while nothing waits, and the least: two segments of Ethernet's.
    private static let (most, least) = (65_535, 2 * 1_460)
    /// How far each connection shifts its windows (RFC 7323 2.2), by the guest's port. Ports that are used twice share it: then a
    /// window may be some factor off, and nothing else happens.
    private var shifts = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameters:
    ///   - frame: Where an Ethernet frame of the guest stands in `bytes`. What is no TCP stays as it is.
    ///   - waiting, room: Bytes that wait for the guest, and of how many its queue should have at most.
    mutating func apply(to bytes: inout [UInt8], _ frame: Range<Int>, waiting: Int, room: Int) {
        guard let segment = Self.segment(in: bytes, frame) else { return }
        let port = Int(Self.word(bytes, segment))
        // With the segment that opens a connection the shift is told; its own window has none.
        if bytes[segment + 13] & 2 != 0 {
            shifts[port] = Self.shift(in: bytes, segment, end: frame.upperBound)
            return
        }
        let allowed = max(Self.least, Self.most * max(0, room - waiting) / room)
        let limit = UInt16(max(1, allowed >> Int(shifts[port])))
        let window = Self.word(bytes, segment + 14)
        guard window > limit else { return }
        Self.set(&bytes, segment + 14, limit)
        // What the checksum changes by (RFC 1624, equation 3).
        var sum = UInt32(~Self.word(bytes, segment + 16)) + UInt32(~window) + UInt32(limit)
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        Self.set(&bytes, segment + 16, ~UInt16(sum))
    }

    /// Where the header of TCP stands, in a packet of IPv4 or IPv6 that is the first of its fragments.
    private static func segment(in bytes: [UInt8], _ frame: Range<Int>) -> Int? {
        let packet = frame.lowerBound + 14
        guard frame.count >= 14 + 40 else { return nil }
        let segment: Int
        switch (word(bytes, packet - 2), bytes[packet] >> 4) {
        case (0x0800, 4):
            guard bytes[packet + 9] == 6, word(bytes, packet + 6) & 0x1FFF == 0 else { return nil }
            segment = packet + Int(bytes[packet] & 15) * 4
        case (0x86DD, 6):
            guard bytes[packet + 6] == 6 else { return nil }
            segment = packet + 40
        default: return nil
        }
        return segment + 20 <= frame.upperBound ? segment : nil
    }

    private static func shift(in bytes: [UInt8], _ segment: Int, end: Int) -> UInt8 {
        let end = min(end, segment + Int(bytes[segment + 12] >> 4) * 4)
        var option = segment + 20
        while option < end, bytes[option] != 0 {
            if bytes[option] == 1 {
                option += 1
                continue
            }
            guard option + 2 < end, bytes[option + 1] >= 2 else { return 0 }
            // More than 14 counts as 14.
            if bytes[option] == 3 { return min(14, bytes[option + 2]) }
            option += Int(bytes[option + 1])
        }
        return 0
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt16 {
        UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
    }

    private static func set(_ bytes: inout [UInt8], _ place: Int, _ word: UInt16) {
        (bytes[place], bytes[place + 1]) = (UInt8(word >> 8), UInt8(word & 0xFF))
    }
}
