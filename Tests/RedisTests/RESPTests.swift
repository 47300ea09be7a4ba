import NIOCore
@testable import Redis
import Testing

struct RESPTests {
    private func replies(to text: String, bytesAtOnce: Int = .max) throws -> [RedisValue] {
        var reader = RESPReader()
        var replies: [RedisValue] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            rest.prefix(bytesAtOnce).withUnsafeBytes { reader.feed($0) }
            rest = rest.dropFirst(bytesAtOnce)
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    @Test(
        arguments: [
            ("+OK\r\n", .string("OK")),
            ("-ERR no\r\n", .error("ERR no")),
            (":-42\r\n", .integer(-42)),
            (":9223372036854775807\r\n", .integer(.max)),
            ("$0\r\n\r\n", .string("")),
            ("$6\r\nma\r\nss\r\n", .string("ma\r\nss")),
            ("$7\r\nGrüße\r\n", .string("Grüße")),
            ("$-1\r\n", .null),
            ("*-1\r\n", .null),
            ("*0\r\n", .array([])),
            ("*2\r\n:1\r\n$1\r\na\r\n", .array([.integer(1), .string("a")])),
            (
                "*4\r\n*0\r\n*2\r\n$-1\r\n*1\r\n+x\r\n-ERR y\r\n:2\r\n",
                .array([.array([]), .array([.null, .array([.string("x")])]), .error("ERR y"), .integer(2)])
            ),
        ] as [(String, RedisValue)])
    func `every kind of reply is read, in one piece and byte by byte`(text: String, value: RedisValue) throws {
        #expect(try replies(to: text) == [value])
        #expect(try replies(to: text + text, bytesAtOnce: 1) == [value, value])
    }

    @Test func `bytes that are not UTF-8 are repaired`() throws {
        var reader = RESPReader()
        [UInt8]("$3\r\na".utf8 + [0xff] + "b\r\n".utf8).withUnsafeBytes { reader.feed($0) }
        #expect(try reader.next() == .string("a\u{FFFD}b"))
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n", "*-7\r\n", "$x\r\n"])
    func `another protocol is refused`(text: String) {
        #expect(throws: RESPReader.Malformed.self) { try replies(to: text) }
    }

    @Test func `a long reply in many pieces is read`() throws {
        let elements = (0..<10_000).map { "element \($0)" }
        let text = "*10000\r\n" + elements.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        #expect(try replies(to: text, bytesAtOnce: 1000) == [.array(elements.map { .string($0) })])
    }

    @Test(arguments: [
        (["PING"], "*1\r\n$4\r\nPING\r\n"),
        (["SET", "k", ""], "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"),
        ([""], "*1\r\n$0\r\n\r\n"),
        (["ECHO", "Grüße\r\n"], "*2\r\n$4\r\nECHO\r\n$9\r\nGrüße\r\n\r\n"),
    ])
    func `a command is written as an array of strings`(command: [String], text: String) {
        var buffer = ByteBuffer()
        RESPWriter.write(command, into: &buffer)
        #expect(String(buffer: buffer) == text)
    }

    @Test func `values convert only to what they are`() {
        #expect(RedisValue.string("7").integer == 7)
        #expect(RedisValue.string("7a").integer == nil)
        #expect(RedisValue.integer(7).string == nil)
        #expect(RedisValue.array([.null]).array == [.null])
        #expect(RedisValue.null.array == nil)
    }
}
