import Testing
@testable import TrafficShaper

struct WindowClampTests {
    /// A segment in an Ethernet frame, with a checksum that is right.
    private func frame(
        ipv6: Bool = false, flags: UInt8 = 0x10, window: UInt16, port: UInt16 = 40_000, options: [UInt8] = []
    ) -> [UInt8] {
        let (source, target): ([UInt8], [UInt8]) =
            ipv6
            ? ([0xFD] + [UInt8](repeating: 3, count: 15), [0xFD] + [UInt8](repeating: 9, count: 15))
            : ([10, 0, 2, 15], [198, 51, 100, 1])
        var segment: [UInt8] = big(port) + [1, 187, 1, 2, 3, 4, 5, 6, 7, 8]
        segment +=
            [UInt8((20 + options.count) / 4) << 4, flags] + big(window) + [0, 0, 0, 0] + options + Array("abc".utf8)
        let sum = Self.checksum(source + target + [0, 6] + big(UInt16(segment.count)) + segment)
        segment.replaceSubrange(16..<18, with: big(~sum))
        let length = big(UInt16(segment.count + (ipv6 ? 0 : 20)))
        let header: [UInt8] =
            ipv6
            ? [0x60, 0, 0, 0] + length + [6, 64] + source + target
            : [0x45, 0] + length + [0, 1, 0x40, 0, 64, 6, 0, 0] + source + target
        return [UInt8](repeating: 2, count: 12) + (ipv6 ? [0x86, 0xDD] : [8, 0]) + header + segment
    }

    /// One's complement sum (RFC 1071); a packet with its checksum sums up to 0xFFFF.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 | (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return UInt16(sum)
    }

    private func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

    private func window(_ frame: [UInt8], ipv6: Bool = false) -> Int {
        let place = ipv6 ? 68 : 48
        return Int(frame[place]) << 8 | Int(frame[place + 1])
    }

    private func isWhole(_ frame: [UInt8], ipv6: Bool = false) -> Bool {
        let segment = Array(frame[(ipv6 ? 54 : 34)...])
        let addresses = ipv6 ? frame[22..<54] : frame[26..<34]
        return Self.checksum(Array(addresses) + [0, 6] + big(UInt16(segment.count)) + segment) == 0xFFFF
    }

    /// As the second frame of a queue.
    private func apply(_ clamp: inout WindowClamp, _ frame: [UInt8], waiting: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: 100) + frame + [0xEE]
        clamp.apply(to: &bytes, 100..<(100 + frame.count), waiting: waiting, room: 100_000)
        #expect(bytes[..<100].allSatisfy { $0 == 0xEE } && bytes.last == 0xEE)
        return Array(bytes[100..<(100 + frame.count)])
    }

    @Test(arguments: [false, true], [UInt16(65_535), 30_000, 2_921])
    func `the more there waits the less is offered, with a checksum that is right`(ipv6: Bool, offered: UInt16) {
        var clamp = WindowClamp()
        for (waiting, most) in [(0, 65_535), (50_000, 32_767), (99_000, 2_920), (5_000_000, 2_920)] {
            let changed = apply(&clamp, frame(ipv6: ipv6, window: offered), waiting: waiting)
            #expect(window(changed, ipv6: ipv6) == min(Int(offered), most), "\(waiting)")
            #expect(isWhole(changed, ipv6: ipv6))
        }
    }

    @Test func `a window that is shifted is made smaller by its shift`() {
        var clamp = WindowClamp()
        let opening = frame(flags: 2, window: 64_240, port: 5_000, options: [2, 4, 5, 180, 1, 3, 3, 7])
        #expect(apply(&clamp, opening, waiting: 1 << 20) == opening)
        #expect(window(apply(&clamp, frame(window: 60_000, port: 5_000), waiting: 0)) == 65_535 >> 7)
        #expect(window(apply(&clamp, frame(window: 60_000, port: 5_000), waiting: 1 << 20)) == 2_920 >> 7)
        // Another connection has none.
        #expect(window(apply(&clamp, frame(window: 60_000, port: 5_001), waiting: 0)) == 60_000)
        // Nor one that uses the port again.
        _ = apply(&clamp, frame(flags: 2, window: 64_240, port: 5_000), waiting: 0)
        #expect(window(apply(&clamp, frame(window: 60_000, port: 5_000), waiting: 0)) == 60_000)
        // Never nothing, so a connection never stands still; more than 14 counts as 14.
        _ = apply(&clamp, frame(flags: 2, window: 9, port: 5_000, options: [3, 3, 200, 0]), waiting: 0)
        #expect(window(apply(&clamp, frame(window: 60_000, port: 5_000), waiting: 1 << 20)) == 1)
    }

    @Test func `what is no TCP stays as it is, whatever a guest makes`() {
        var clamp = WindowClamp()
        var frames = [frame(window: 65_535), frame(ipv6: true, window: 65_535)]
        // UDP; a later fragment; another version; ARP; a header that says it is longer than the frame.
        for (index, place, byte) in [
            (0, 23, UInt8(17)), (1, 20, 17), (0, 21, 8), (0, 14, 0x65), (1, 14, 0x45), (0, 13, 6), (0, 14, 0x4F),
        ] {
            var changed = frames[index]
            changed[place] = byte
            frames.append(changed)
        }
        for frame in frames.dropFirst(2) { #expect(apply(&clamp, frame, waiting: 1 << 20) == frame) }
        // Each beginning of each frame, with options that lead out of it.
        let opening = frame(flags: 2, window: 9, options: [2, 255, 3, 1])
        for whole in [frames[0], frames[1], opening] {
            for length in 0..<whole.count { _ = apply(&clamp, Array(whole[..<length]), waiting: 1 << 20) }
        }
        for options: [UInt8] in [[3, 0, 0, 0], [1, 1, 1, 3], [8, 1, 3, 3], [1, 1, 3, 3]] {
            _ = apply(&clamp, frame(flags: 2, window: 9, options: options), waiting: 0)
            #expect(window(apply(&clamp, frame(window: 60_000), waiting: 0)) == 60_000, "\(options)")
        }
    }
}
