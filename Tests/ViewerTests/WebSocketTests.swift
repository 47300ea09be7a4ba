import Testing
@testable import Viewer

struct WebSocketTests {
    /// A server's frame; its payload is not masked.
    private static func frame(_ opcode: UInt8, _ payload: [UInt8], length: [UInt8]) -> [UInt8] {
        [0x80 | opcode] + length + payload
    }

    @Test(arguments: [1, 2, 3, 7, 100, 100_000])
    func `frames are put together however they come`(portion: Int) throws {
        let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
        let bytes =
            Self.frame(2, [1, 2, 3], length: [3]) + Self.frame(9, [7], length: [1])
            + Self.frame(0, Array(long.prefix(300)), length: [126, 0x01, 0x2c])
            + Self.frame(2, long, length: [127, 0, 0, 0, 0, 0, 0x01, 0x11, 0x70])
            + Self.frame(8, [3, 0xe8] + Array("bye".utf8), length: [5])
        var reader = WebSocketReader()
        var frames: [WebSocketFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            frames += try reader.feed(Array(rest.prefix(portion)))
            rest = rest.dropFirst(portion)
        }
        let data = frames.filter { $0.opcode.rawValue < 8 }.flatMap(\.payload)
        #expect(data == [1, 2, 3] + long.prefix(300) + long)
        #expect(frames.filter { $0.opcode == .ping }.map(\.payload) == [[7]])
        #expect(frames.last?.opcode == .close)
        #expect(frames.last?.reason == "1000 bye")
    }

    @Test(
        arguments: [
            [0x83, 0], [0xc2, 0], [0x82, 0x80], [0x89, 126, 0, 126], [0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `what is no frame of a server is refused`(bytes: [UInt8]) {
        var reader = WebSocketReader()
        #expect(throws: ViewerError.self) { try reader.feed(bytes) }
    }

    @Test(arguments: [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)])
    func `a client's frame is masked and says its length in the shortest way`(length: Int, head: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let bytes = WebSocketFrame(.binary, payload).masked()
        #expect(bytes.count == head + 4 + length)
        #expect(bytes[0] == 0x82)
        #expect(bytes[1] & 0x80 == 0x80)
        let mask = bytes[head..<(head + 4)]
        #expect(bytes.dropFirst(head + 4).enumerated().map { $1 ^ mask[head + $0 % 4] } == payload)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", nil),
            ("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: other", .unexpected),
            ("HTTP/1.1 404 Not Found\r\nServer: x", .refused), ("SSH-2.0", .unexpected), ("", .unexpected),
        ] as [(String, ViewerError.Code?)])
    func `the server's answer is checked`(answer: String, code: ViewerError.Code?) {
        var found: ViewerError.Code?
        do throws(ViewerError) { try WebSocketHandshake.check(answer) } catch { found = error.code }
        #expect(found == code)
    }
}
