import Domain
import Glibc
import Processes

/// A guest without a machine: it speaks QEMU's stream protocol to a network helper (a length of 4 bytes before each frame)
/// and makes whatever frames it likes, as code in a guest can.
struct FakeGuest {
    /// What came back for a frame that was sent.
    enum Answer: Sendable, Hashable { case connected, refused, datagram, echo }

    let socket: Descriptor
    private var buffer: [UInt8] = []
    private static let (guestMAC, hostMAC): ([UInt8], [UInt8]) = (
        [0x52, 0x54, 0, 0x12, 0x34, 0x56], [0x9A, 0x55, 0x9A, 0x55, 0x9A, 0x55]
    )

    /// - Parameter socket: The other end of the helper's.
    init(_ socket: Descriptor) {
        self.socket = socket
    }

    /// A segment that opens a connection.
    func connect(to target: [UInt8], from source: [UInt8], port: UInt16, ownPort: UInt16) {
        let header =
            big(ownPort) + big(port) + [0, 0, 3, 232, 0, 0, 0, 0, 0x60, 0x02, 0xFF, 0xFF, 0, 0, 0, 0, 2, 4, 5, 0xB4]
        send(header, protocol: 6, checksumAt: 16, to: target, from: source)
    }

    func sendDatagram(_ payload: [UInt8], to target: [UInt8], from source: [UInt8], port: UInt16, ownPort: UInt16) {
        let header = big(ownPort) + big(port) + big(UInt16(8 + payload.count)) + [0, 0]
        send(header + payload, protocol: 17, checksumAt: 6, to: target, from: source)
    }

    /// - Parameter identifier: Comes back in the answer, in place of a port.
    func ping(_ target: [UInt8], from source: [UInt8], identifier: UInt16) {
        let isIPv6 = target.count == 16
        let message = [isIPv6 ? 128 : 8, 0, 0, 0] + big(identifier) + [0, 1] + Array("are you there?".utf8)
        send(message, protocol: isIPv6 ? 58 : 1, checksumAt: 2, to: target, from: source)
    }

    /// Reads what came until nothing comes for `quiet`: answers by our port or identifier.
    mutating func answers(quiet: Duration) -> [UInt16: Answer] {
        var answers: [UInt16: Answer] = [:]
        var poller = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        let milliseconds = CInt(quiet.components.seconds * 1000 + quiet.components.attoseconds / 1_000_000_000_000_000)
        while poll(&poller, 1, milliseconds) > 0 {
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(socket.number, &bytes, bytes.count, 0)
            if count <= 0 { break }
            buffer += bytes[..<count]
            while let frame = nextFrame() {
                if let (port, answer) = Self.answer(in: frame) { answers[port] = answer }
            }
        }
        return answers
    }

    private mutating func nextFrame() -> [UInt8]? {
        guard buffer.count >= 4 else { return nil }
        let length = buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard buffer.count >= 4 + length else { return nil }
        defer { buffer.removeFirst(4 + length) }
        return Array(buffer[4..<(4 + length)])
    }

    private static func answer(in frame: [UInt8]) -> (UInt16, Answer)? {
        guard frame.count > 54 || (frame.count > 34 && frame[12...13] == [0x08, 0x00]) else { return nil }
        let isIPv6 = frame[12...13] == [0x86, 0xDD]
        guard isIPv6 || frame[12...13] == [0x08, 0x00] else { return nil }
        let kind = isIPv6 ? frame[20] : frame[23]
        let body = Array(frame.dropFirst(isIPv6 ? 54 : 14 + Int(frame[14] & 15) * 4))
        guard body.count >= 8 else { return nil }
        let word = { (at: Int) in UInt16(body[at]) << 8 | UInt16(body[at + 1]) }
        switch kind {
        case 6 where body.count >= 20: return (word(2), body[13] & 4 != 0 ? .refused : .connected)
        case 17: return (word(2), .datagram)
        case 1 where body[0] == 0, 58 where body[0] == 129: return (word(4), .echo)
        default: return nil
        }
    }

    func send(
        _ body: [UInt8], protocol number: UInt8, checksumAt place: Int, to target: [UInt8], from source: [UInt8]
    ) {
        let isIPv6 = target.count == 16
        var body = body
        let pseudo = number == 1 ? [] : source + target + [0, number] + big(UInt16(body.count))
        let sum = Self.checksum(pseudo + body)
        body.replaceSubrange(place..<(place + 2), with: big(sum == 0 ? 0xFFFF : sum))
        var header: [UInt8]
        if isIPv6 {
            header = [0x60, 0, 0, 0] + big(UInt16(body.count)) + [number, 64] + source + target
        } else {
            header = [0x45, 0] + big(UInt16(20 + body.count)) + [0, 1, 0, 0, 64, number, 0, 0] + source + target
            header.replaceSubrange(10..<12, with: big(Self.checksum(header)))
        }
        let frame = Self.hostMAC + Self.guestMAC + (isIPv6 ? [0x86, 0xDD] : [0x08, 0x00]) + header + body
        let bytes = big(0) + big(UInt16(frame.count)) + frame
        // A helper that is gone answers nothing.
        _ = Glibc.send(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 | (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }

    func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}
