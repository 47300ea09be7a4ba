import Glibc
import Testing
@testable import Viewer

/// One after the other: each QEMU keeps a processor busy.
@Suite(
    .enabled(if: Display.canRun, "qemu-system-x86 or grub-rescue-pc isn't installed"), .serialized,
    .timeLimit(.minutes(2)))
struct ViewerTests {
    @Test func `the first picture is the guest's, not QEMU's own text before it`() async throws {
        let display = try await Display.start()
        let viewer = try await Viewer.connect(unixSocket: display.socket)
        let first = try await viewer.firstFrame()
        #expect(!first.isBlank, "\(display.log)")
        #expect(!first.isPlaceholder)
        #expect((first.width, first.height) == (720, 400), "the BIOS's text mode")
    }

    @Test func `the picture is what QEMU's own screendump has`() async throws {
        let display = try await Display.start()
        let viewer = try await Viewer.connect(unixSocket: display.socket)
        let first = try await viewer.firstFrame()
        // Both must have followed a change, or this would show little.
        while try await viewer.nextChange().similarity(to: first) > 0.5 {}
        let dump = try await display.freeze()
        #expect(try await viewer.frame().similarity(to: dump) > 0.99, "\(display.log)")
        #expect(first.similarity(to: dump) <= 0.5)
    }

    @Test func `keys get to the guest`() async throws {
        let display = try await Display.start()
        let viewer = try await Viewer.connect(unixSocket: display.socket)
        var picture = try await viewer.firstFrame()
        // GRUB takes keys once it has loaded its shell, and shows what was typed.
        while !picture.hasEqualCharacters(8) {
            for _ in 0..<8 { try await viewer.press(0x6d) }
            picture = try await viewer.nextChange()
        }
    }

    @Test func `through the gateway it is the same picture`() async throws {
        let display = try await Display.start()
        let gateway = try Gateway(to: display)
        let viewer = try await Viewer.connect(webSocket: gateway.address())
        let first = try await viewer.firstFrame()
        #expect(!first.isBlank && !first.isPlaceholder)
        let dump = try await display.freeze()
        #expect(try await viewer.frame().similarity(to: dump) > 0.99)
    }

    @Test(arguments: ["wrong", "", "../vnc.sock", String(repeating: "w", count: 43)])
    func `a wrong token is refused`(token: String) async throws {
        let display = try await Display.start()
        let gateway = try Gateway(to: display)
        let error = await #expect(throws: ViewerError.self) {
            try await Viewer.connect(webSocket: gateway.address(token: token))
        }
        #expect(error?.code == .refused)
        // It still serves the right one.
        _ = try await Viewer.connect(webSocket: gateway.address())
    }

    @Test func `the end of QEMU is the end of the picture`() async throws {
        let display = try await Display.start()
        let viewer = try await Viewer.connect(unixSocket: display.socket)
        _ = try await viewer.frame()
        await display.end()
        let error = await #expect(throws: ViewerError.self) {
            while true { _ = try await viewer.nextChange() }
        }
        #expect(error?.code == .closed)
    }
}
