import Glibc
package import Machines
import Processes

extension FakeGuest {
    /// Opens a connection over IPv4 and takes what comes, as a guest's kernel would.
    /// - Parameter limit: How many bytes are enough.
    /// - Returns: The bytes that came, in order, before nothing came for five seconds.
    func download(from target: [UInt8], port: UInt16, ownPort: UInt16, limit: Int) -> Int {
        let source: [UInt8] = [10, 0, 2, 15]
        // The largest segment, and a window that is shifted by 4 bits (RFC 7323): up to 1 MiB on its way.
        segment(
            2, sequence: 1000, acknowledge: 0, options: [2, 4, 0xFF, 0xD7, 1, 3, 3, 4], target, source, port, ownPort)
        var expected: UInt32 = 0
        var received = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var filled = 0
        var poller = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        while received < limit, poll(&poller, 1, 5000) > 0 {
            let count = buffer.withUnsafeMutableBytes { bytes in
                recv(socket.number, bytes.baseAddress.map { $0 + filled }, bytes.count - filled, 0)
            }
            if count <= 0 { break }
            filled += count
            var start = 0
            while filled - start >= 4 {
                let length = buffer[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
                guard filled - start >= 4 + length else { break }
                let frame = buffer[(start + 4)..<(start + 4 + length)]
                start += 4 + length
                guard let part = Part(frame, to: ownPort) else { continue }
                if part.flags & 2 != 0 { expected = part.sequence &+ 1 }
                if part.flags & 2 == 0, part.sequence == expected {
                    expected &+= UInt32(part.length)
                    received += part.length
                }
                segment(16, sequence: 1001, acknowledge: expected, options: [], target, source, port, ownPort)
            }
            buffer.replaceSubrange(0..<(filled - start), with: buffer[start..<filled])
            filled -= start
        }
        return received
    }

    private func segment(
        _ flags: UInt8, sequence: UInt32, acknowledge: UInt32, options: [UInt8], _ target: [UInt8], _ source: [UInt8],
        _ port: UInt16, _ ownPort: UInt16
    ) {
        let words = [sequence, acknowledge].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
        }
        let header =
            big(ownPort) + big(port) + words + [UInt8((20 + options.count) / 4) << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0]
        send(header + options, protocol: 6, checksumAt: 16, to: target, from: source)
    }

    /// What matters of a segment that came.
    private struct Part {
        var flags: UInt8
        var sequence: UInt32
        var length: Int

        init?(_ frame: ArraySlice<UInt8>, to port: UInt16) {
            let at = frame.startIndex
            guard frame.count >= 54, frame[at + 12] == 8, frame[at + 13] == 0, frame[at + 23] == 6 else { return nil }
            let ip = at + 14
            let tcp = ip + Int(frame[ip] & 15) * 4
            let total = Int(frame[ip + 2]) << 8 | Int(frame[ip + 3])
            guard tcp + 20 <= frame.endIndex, UInt16(frame[tcp + 2]) << 8 | UInt16(frame[tcp + 3]) == port else {
                return nil
            }
            flags = frame[tcp + 13]
            sequence = frame[(tcp + 4)..<(tcp + 8)].reduce(0) { $0 << 8 | UInt32($1) }
            length = max(0, ip + total - tcp - Int(frame[tcp + 12] >> 4) * 4)
        }
    }
}

extension IsolationCheck {
    /// How fast a guest can load from a server, in bytes a second.
    package func downloadRate(from target: [UInt8], port: UInt16, bytes: Int) async throws(MachineError) -> Double {
        let (guestEnd, helperEnd) = try Self.pair()
        // Room for all that is on its way: what does not fit passt drops, and sends again much later.
        var room: CInt = 8 << 20
        setsockopt(guestEnd.number, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(helperEnd.number, SOL_SOCKET, SO_SNDBUFFORCE, &room, socklen_t(MemoryLayout<CInt>.size))
        let (helper, _) = try await Passt.start(
            helperEnd, behind: network.options.rate, account: users?.probe, namespace: try await network.namespace(),
            source: SourceAddress(number: 0), resolvers: [], log: nil)
        let guest = FakeGuest(guestEnd)
        let start = ContinuousClock.now
        let received = await Self.offPool { guest.download(from: target, port: port, ownPort: 39_100, limit: bytes) }
        let time = ContinuousClock.now - start
        _ = await helper.kill()
        guard received >= bytes else { throw MachineError(.network, "Only \(received) of \(bytes) bytes came.") }
        return Double(received) / (time / .seconds(1))
    }
}
