import CLinux
import Glibc
import Viewer

/// Reads many event streams on one thread and says how late each event came.
actor StreamListener {
    private nonisolated let thread = BlockingThread(label: "qwd.bench.streams")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let poller = epoll_create1(CInt(EPOLL_CLOEXEC))
    private let sockets: Int
    /// Those that have got an event.
    private var greeted: Set<CInt> = []
    /// What came of an event whose id was not whole, by socket.
    private var rests: [CInt: [UInt8]] = [:]

    init(_ sockets: [CInt]) {
        self.sockets = sockets.count
        for socket in sockets {
            var interest = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: socket))
            epoll_ctl(poller, EPOLL_CTL_ADD, socket, &interest)
        }
    }

    deinit { close(poller) }

    /// Reads until every stream has told what was before.
    func settle(within limit: Duration) throws {
        let deadline = ContinuousClock.now + limit
        while greeted.count < sockets {
            guard ContinuousClock.now < deadline else {
                throw BenchError("\(sockets - greeted.count) streams are mute")
            }
            _ = try read(since: 0)
        }
    }

    /// Reads until so many events have come that are new.
    /// - Returns: Milliseconds from the time of each event's id, which is Redis' clock, to when it was read. Fewer if the time
    ///   is over.
    /// - Parameter begin: What is older is not new (``now()``).
    func delays(of count: Int, since begin: Double, within limit: Duration) throws -> [Double] {
        let deadline = ContinuousClock.now + limit
        var delays: [Double] = []
        while delays.count < count, ContinuousClock.now < deadline { delays += try read(since: begin) }
        return delays
    }

    /// Waits some milliseconds for something to read.
    private func read(since begin: Double) throws -> [Double] {
        var delays: [Double] = []
        var events = [epoll_event](repeating: epoll_event(), count: 1024)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let ready = epoll_wait(poller, &events, CInt(events.count), 50)
        for event in events.prefix(Int(max(ready, 0))) {
            let socket = event.data.fd
            let bytes = recv(socket, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            guard bytes > 0 else { throw BenchError("a stream ended") }
            let now = Self.now()
            let moments = moments(socket, buffer[..<bytes])
            if !moments.isEmpty { greeted.insert(socket) }
            for moment in moments where moment >= begin { delays.append(now - moment) }
        }
        return delays
    }

    /// The times in the ids of status events.
    private func moments(_ socket: CInt, _ bytes: ArraySlice<UInt8>) -> [Double] {
        let text = (rests.removeValue(forKey: socket) ?? []) + bytes
        var found: [Double] = []
        var place = text.startIndex
        while let start = text[place...].firstRange(of: Self.mark) {
            guard let end = text[start.upperBound...].firstIndex(of: UInt8(ascii: "-")) else {
                rests[socket] = Array(text[start.lowerBound...])
                return found
            }
            if let moment = Double(String(decoding: text[start.upperBound..<end], as: UTF8.self)) {
                found.append(moment)
            }
            place = end
        }
        // The mark itself may be cut.
        rests[socket] = Array(text[max(place, text.endIndex - Self.mark.count + 1)...])
        return found
    }

    private static let mark = Array("\nid: ".utf8)

    /// Milliseconds since the epoch.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }
}
