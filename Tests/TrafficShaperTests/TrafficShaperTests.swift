import Dispatch
import Foundation
import Glibc
import Testing
@testable import TrafficShaper

/// Over real sockets.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct TrafficShaperTests {
    /// Two ends of a way, of which the shaper has the middle.
    private struct Way {
        let guest: CInt
        let helper: CInt
        let hasEnded = DispatchSemaphore(value: 0)

        init(bytesPerSecond: Int) throws {
            var (a, b): ([CInt], [CInt]) = ([0, 0], [0, 0])
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &a) == 0)
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &b) == 0)
            (guest, helper) = (a[0], b[0])
            let (inner, outer, ended) = (a[1], b[1], hasEnded)
            Thread.detachNewThread {
                var shaper = TrafficShaper(guest: inner, helper: outer, bytesPerSecond: bytesPerSecond)
                shaper.run()
                close(inner)
                close(outer)
                ended.signal()
            }
        }

        func end() {
            close(guest)
            close(helper)
        }
    }

    /// A frame that says which one it is.
    private static func frame(_ number: Int, _ length: Int) -> [UInt8] {
        let header = withUnsafeBytes(of: UInt32(length).bigEndian) { Array($0) }
        return header + (0..<length).map { UInt8(truncatingIfNeeded: number &+ $0 &* 7) }
    }

    /// Sends all of it, by pieces of some length.
    private static func send(_ bytes: [UInt8], to socket: CInt, pieces: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            let count = Glibc.send(socket, piece, piece.count, Int32(MSG_NOSIGNAL))
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func receive(_ count: Int, from socket: CInt) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress.map { $0 + filled }, count - filled, 0)
            }
            if more <= 0 { break }
            filled += more
        }
        return Array(bytes[..<filled])
    }

    @Test(arguments: [1, 3, 700, 65_536])
    func `frames come as they were, in their order, whatever pieces they are written in`(pieces: Int) throws {
        let way = try Way(bytesPerSecond: 1 << 30)
        let frames = [60, 1_514, 0, 65_549, 1, 9_000].enumerated().flatMap { Self.frame($0.offset, $0.element) }
        for (from, to) in [(way.guest, way.helper), (way.helper, way.guest)] {
            Thread.detachNewThread { Self.send(frames, to: from, pieces: pieces) }
            #expect(Self.receive(frames.count, from: to) == frames)
        }
        way.end()
    }

    @Test func `both ways keep the rate, each for itself, and nothing is lost`() throws {
        let way = try Way(bytesPerSecond: 2_000_000)
        let frames = (0..<1_400).flatMap { Self.frame($0, 1_514) }
        let start = ContinuousClock.now
        let back = DispatchSemaphore(value: 0)
        Thread.detachNewThread { Self.send(frames, to: way.guest) }
        Thread.detachNewThread { Self.send(frames, to: way.helper) }
        Thread.detachNewThread {
            #expect(Self.receive(frames.count, from: way.guest) == frames)
            back.signal()
        }
        #expect(Self.receive(frames.count, from: way.helper) == frames)
        back.wait()
        // 2.1 MB, of which 10 ms come in a burst and half a second is allowed for a busy machine.
        let time = start.duration(to: .now) / .seconds(1)
        #expect(time > 1.04 && time < 1.55, "\(time) s")
    }

    @Test func `it ends with either side, and both sides with it`() throws {
        for isGuest in [true, false] {
            let way = try Way(bytesPerSecond: 1_000_000)
            Self.send(Self.frame(1, 60), to: isGuest ? way.guest : way.helper)
            close(isGuest ? way.guest : way.helper)
            way.hasEnded.wait()
            var byte: UInt8 = 0
            while recv(isGuest ? way.helper : way.guest, &byte, 1, 0) > 0 {}
            close(isGuest ? way.helper : way.guest)
        }
    }

    @Test func `who sends no frames is left`() throws {
        let way = try Way(bytesPerSecond: 1_000_000)
        Self.send([0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3], to: way.guest)
        way.hasEnded.wait()
        way.end()
    }

    @Test func `who sends more than is taken waits`() throws {
        let way = try Way(bytesPerSecond: 1 << 30)
        let frame = Self.frame(1, 1_514)
        var sent = 0
        // Nobody reads at the other side: its socket fills up, then the queue, then our socket.
        var limit = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(way.guest, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        while case let count = Glibc.send(way.guest, frame, frame.count, Int32(MSG_NOSIGNAL)), count == frame.count {
            sent += count
        }
        #expect(sent < 3 << 20, "\(sent)")
        way.end()
        way.hasEnded.wait()
    }
}
