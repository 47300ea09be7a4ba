import Foundation
import NIOCore
@testable import QMP
import Testing

@Suite struct LineSplitterTests {
    /// Feeds the pieces one by one and returns all lines that came out.
    private func lines(of pieces: [String], limit: Int = 100) throws -> [String] {
        var splitter = LineSplitter(limit: limit)
        var lines: [String] = []
        for piece in pieces {
            splitter.append(ByteBuffer(string: piece))
            while let line = try splitter.next() {
                lines.append(String(decoding: line, as: UTF8.self))
            }
        }
        return lines
    }

    @Test(arguments: [
        ["one\r\ntwo\r\n"],
        ["one\ntwo\n"],
        ["one\r", "\ntwo\r\n"],
        ["o", "n", "e", "\r", "\n", "t", "w", "o", "\r", "\n"],
        ["\r\none\r\n\r\n", "\ntwo\r\nthree"],
    ])
    func `lines come out whole however the bytes come in`(pieces: [String]) throws {
        #expect(try lines(of: pieces) == ["one", "two"])
    }

    @Test func `a line of exactly the limit passes and one byte more does not`() throws {
        #expect(try lines(of: ["12345\n"], limit: 5) == ["12345"])
        let error = try #require(throws: QMPError.self) { try lines(of: ["123456\n"], limit: 5) }
        #expect(error.code == .lineTooLong)
    }

    @Test func `a line above the limit is refused before its end comes`() throws {
        let error = try #require(throws: QMPError.self) { try lines(of: ["12345", "6"], limit: 5) }
        #expect(error.code == .lineTooLong)
    }

    @Test func `many lines in one piece count each for itself`() throws {
        let all = try lines(of: [String(repeating: "12345\n", count: 1000)], limit: 5)
        #expect(all.count == 1000)
    }
}
