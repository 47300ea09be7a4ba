import Testing
@testable import Viewer

struct FrameTests {
    private static func picture(_ header: String, _ pixels: [UInt8]) throws -> Frame {
        try Frame(ppm: Array(header.utf8) + pixels)
    }

    @Test(arguments: ["P6\n2 1\n255\n", "P6 2 1 255 ", "P6\n# by QEMU\n2\n# and more\n1\n255\n"])
    func `a portable pixmap is read`(header: String) throws {
        let frame = try FrameTests.picture(header, [0x1e, 0x6f, 0x9f, 0, 0, 1])
        #expect((frame.width, frame.height) == (2, 1))
        #expect(frame.pixels == [0x1e6f9f, 0x000001])
    }

    @Test(arguments: [
        "P5\n2 1\n255\n", "P6\n2 2\n255\n", "P6\n2 1\n65535\n", "P6\n2 x\n255\n", "P6\n99999 0\n255\n", "",
    ])
    func `what is no portable pixmap is refused`(header: String) {
        #expect(throws: ViewerError.self) { try FrameTests.picture(header, [1, 2, 3, 4, 5, 6]) }
    }

    @Test func `only a picture without any light is blank`() throws {
        var frame = Frame(width: 3, height: 2)
        #expect(frame.isBlank)
        frame.pixels[5] = 1
        #expect(!frame.isBlank)
    }

    @Test func `black pixels make no pictures alike`() {
        var left = Frame(width: 10, height: 10)
        var right = left
        #expect(left.similarity(to: right) == 1)
        left.pixels[0] = 0xffffff
        right.pixels[1] = 0xffffff
        #expect(left.similarity(to: right) == 0)
        right.pixels[0] = 0xffffff
        #expect(left.similarity(to: right) == 0.5)
        #expect(right.similarity(to: right) == 1)
        #expect(left.similarity(to: Frame(width: 100, height: 1)) == 0)
    }

    @Test func `QEMU's own line of text is told from a guest's`() {
        var frame = Frame(width: 640, height: 480)
        #expect(!frame.isPlaceholder)
        frame.pixels[230 * 640 + 320] = 0xaaaaaa
        #expect(frame.isPlaceholder)
        frame.pixels[0] = 0xaaaaaa
        #expect(!frame.isPlaceholder)
    }

    @Test func `pixels come in the wire's order and land in their place`() {
        var frame = Frame(width: 3, height: 2)
        frame.paint([0x9f, 0x6f, 0x1e, 0xff, 1, 0, 0, 0], x: 1, y: 1, width: 2, height: 1)
        #expect(frame.pixels == [0, 0, 0, 0, 0x1e6f9f, 1])
    }
}
