@testable import Hypervisor
@testable import Machines
import Foundation
import Processes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A console` {
    @Test func `keeps its end, whatever a guest writes`() {
        var text = ConsoleText()
        for number in 0..<40_000 { text.append(Array("line \(number)\n".utf8)) }
        #expect(text.bytes.count <= 2 * ConsoleText.limit && text.kept.count <= ConsoleText.limit)
        #expect(String(decoding: text.kept, as: UTF8.self).hasSuffix("line 39999\n"))
        #expect(text.end == (0..<40_000).reduce(0) { $0 + "line \($1)\n".utf8.count })
    }

    @Test func `finds a text that comes in pieces, and only since it was looked for`() {
        var text = ConsoleText(Array("DESKTOP-READY of an earlier one\n".utf8))
        for piece in ["boot\nDESK", "TOP-", "READY 12\n"] {
            let since = text.end
            text.append(Array(piece.utf8))
            #expect(text.has("DESKTOP-READY", since: since) == (piece == "READY 12\n"))
        }
        #expect(!text.has("DESKTOP-READY", since: text.end))
        // Also when what was before has been dropped.
        for _ in 0..<3 { text.append([UInt8](repeating: 65, count: ConsoleText.limit)) }
        let since = text.end
        text.append(Array("login:".utf8))
        #expect(text.has("login:", since: since))
    }

    @Test func `tells its last lines without what moves a cursor`() {
        let text = ConsoleText(
            Array("a\r\n\u{1B}[2J\u{1B}[01;31mKernel panic\u{1B}[0m - not syncing\r\n\r\n\u{7}end\u{1B}c\n".utf8))
        #expect(text.lastLines(2) == "Kernel panic - not syncing / end")
        #expect(ConsoleText().lastLines(3) == "")
    }

    @Test func `says at last what its guest wrote, and not what a BIOS did`() {
        let log = ConsoleLog(SessionPaths(run: "/nowhere", disk: "/nowhere"))
        _ = log.append(Array("panic: no root\n".utf8))
        let since = log.append(Array("Booting from 0000:7c00\n".utf8), isFirmware: true)
        #expect(log.lastLines(3) == "panic: no root")
        #expect(log.has("Booting", since: since))
    }

    @Test func `is read as it comes, to its end`() async throws {
        let (ours, its) = try UnixSocket.pair()
        let reading = Task {
            var text = ""
            while case let piece = await ours.nextBytes(), !piece.isEmpty {
                text += String(decoding: piece, as: UTF8.self)
            }
            return text
        }
        for number in 0..<100 {
            let bytes = Array("\(number) ".utf8)
            #expect(send(its.number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
        }
        close(its.take())
        #expect(await reading.value == (0..<100).map { "\($0) " }.joined())
    }

    @Test func `is not waited for by who is told to end`() async throws {
        let (ours, its) = try UnixSocket.pair()
        let reading = Task { await ours.nextBytes() }
        reading.cancel()
        #expect(await reading.value.isEmpty)
        withExtendedLifetime(its) {}
    }
}
