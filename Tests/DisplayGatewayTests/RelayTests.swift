@testable import DisplayGateway
import Processes
import Testing

/// What passes between a viewer and a display.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct RelayTests {
    @Test func `two viewers of one display each have their own`() async throws {
        let gateway = try await GatewayFixture()
        let (first, second) = (try gateway.open(), try gateway.open())
        try first.display.write([1])
        try second.display.write([2])
        #expect(try first.viewer.frame().payload == [1])
        #expect(try second.viewer.frame().payload == [2])
        try await gateway.close()
    }

    @Test func `fragments are put together, and pings between them answered`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        try viewer.send(0x02, [1])
        try viewer.send(0x89, [9])
        try viewer.send(0x00, [2])
        try viewer.send(0x80, [3])
        #expect(try display.take(3) == [1, 2, 3])
        #expect(try viewer.frame() == (0x8a, [9]))
        try await gateway.close()
    }

    @Test(
        arguments: [
            (0x82, false, 1002), (0x81, true, 1003), (0x80, true, 1002), (0xc2, true, 1002), (0x83, true, 1002),
            (0x09, true, 1002), (0x88, true, 1000),
        ] as [(UInt8, Bool, Int)])
    func `what is no frame of a viewer ends both sides`(opcode: UInt8, masked: Bool, code: Int) async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        try viewer.send(opcode, [1, 2], masked: masked)
        let answer = try viewer.frame()
        #expect(answer.opcode == 0x88)
        #expect(answer.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } == code)
        #expect(try viewer.isEnded)
        #expect(try display.isEnded)
        try await gateway.close()
    }

    @Test func `a frame is refused by its length, before it comes`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        try viewer.write([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0])
        #expect(try viewer.frame().payload.prefix(2) == [0x03, 0xf1])
        #expect(try display.isEnded)
        try await gateway.close()
    }

    @Test func `the end of a machine ends its viewers, also one that does not read`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        let slow = try gateway.open()
        let before = ContinuousClock.now
        Self.fill(slow.display)
        display.end()
        slow.display.end()
        #expect(try viewer.frame() == (0x88, [0x03, 0xe9]))
        #expect(try viewer.isEnded)
        while try !slow.viewer.read(limit: 1 << 20).isEmpty {}
        #expect(ContinuousClock.now - before < .seconds(8))
        try await gateway.close()
    }

    @Test func `the end of a viewer is seen by the machine`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        viewer.end()
        #expect(try display.isEnded)
        try await gateway.close()
    }

    @Test func `a viewer that does not read holds the machine back, and loses nothing`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        let sent = Self.fill(display)
        // The sockets' own buffers, and little of ours.
        #expect(sent < 24 << 20, "\(sent) bytes were taken for one who reads nothing")
        var received: [UInt8] = []
        while received.count < sent { received += try viewer.frame().payload }
        let blocks = (0...sent / Self.block).map {
            [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: Self.block)
        }
        #expect(received == Array(blocks.joined().prefix(sent)))
        try await gateway.close()
    }

    @Test func `a machine that does not read holds the viewer back`() async throws {
        let gateway = try await GatewayFixture()
        let (viewer, display) = try gateway.open()
        var sent = 0
        while sent < 64 << 20 {
            var frame = [0x82, 0xfe, 0x40, 0, 0, 0, 0, 0] + [UInt8](repeating: 5, count: 1 << 14)
            while case let count = try viewer.writeSome(frame, before: .now + .milliseconds(300)), count > 0 {
                frame.removeFirst(count)
                if frame.isEmpty { break }
            }
            // The frame that was cut off is not whole, so nothing of it is passed on.
            if !frame.isEmpty { break }
            sent += 1 << 14
        }
        #expect(sent < 24 << 20, "\(sent) bytes were taken for a machine that reads nothing")
        #expect(try display.take(sent) == [UInt8](repeating: 5, count: sent))
        try await gateway.close()
    }

    @Test func `who answers no ping is gone`() async throws {
        let gateway = try await GatewayFixture { $0.limits.pingInterval = .milliseconds(100) }
        let (viewer, display) = try gateway.open()
        let other = try gateway.open(GatewayFixture.tokens[1])
        #expect(try viewer.frame() == (0x89, []))
        // The other one answers each.
        for _ in 0..<6 {
            #expect(try other.viewer.frame() == (0x89, []))
            try other.viewer.send(0x8a, [])
        }
        #expect(try display.isEnded)
        try other.display.write([4])
        while try other.viewer.frame().opcode != 0x82 { try other.viewer.send(0x8a, []) }
        try await gateway.close()
    }

    private static let block = 1 << 14

    /// Writes until nothing more is taken for a while.
    /// - Returns: How many bytes were taken.
    @discardableResult
    private static func fill(_ display: Peer) -> Int {
        var sent = 0
        while sent < 64 << 20 {
            let rest = block - sent % block
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: sent / block), count: rest)
            guard let count = try? display.writeSome(bytes, before: .now + .milliseconds(300)), count > 0 else { break }
            sent += count
        }
        return sent
    }
}
