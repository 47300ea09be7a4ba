import Glibc

/// Carries frames between a machine and its passt, each way at no more than a rate.
///
/// Nothing is lost here: who sends more waits. A machine's card takes no more packets then, which its system knows how to deal
/// with; passt is kept from sending more by `WindowClamp`.
package struct TrafficShaper {
    /// What may wait for the guest: more than a thousand connections with the least window. Past this passt's own socket fills up.
    private static let mostForGuest = 4 << 20
    /// What may wait for passt. The guest has queues of its own.
    private static let mostFromGuest = 1 << 17
    private var incoming: Lane
    private var outgoing: Lane
    private var clamp = WindowClamp()
    /// How much should wait for the guest at most: what it gets in 100 ms, so that who works there by a terminal is answered in time.
    private let room: Int

    /// - Parameters:
    ///   - guest, helper: Connected stream sockets, of the machine and of passt.
    ///   - bytesPerSecond: Each way, at least 1.
    package init(guest: CInt, helper: CInt, bytesPerSecond: Int) {
        incoming = Lane(from: helper, to: guest, capacity: Self.mostForGuest, bytesPerSecond: bytesPerSecond)
        outgoing = Lane(from: guest, to: helper, capacity: Self.mostFromGuest, bytesPerSecond: bytesPerSecond)
        room = max(1 << 16, bytesPerSecond / 10)
    }

    /// Returns when one of the sockets has ended. Blocks its thread.
    package mutating func run() {
        repeat {
            let now = ContinuousClock.now
            incoming.refill(now: now)
            outgoing.refill(now: now)
        } while turn()
    }

    /// Waits until something can be done and does it.
    private mutating func turn() -> Bool {
        var sockets = [
            pollfd(fd: outgoing.source, events: Self.events(read: outgoing, send: incoming), revents: 0),
            pollfd(fd: incoming.source, events: Self.events(read: incoming, send: outgoing), revents: 0),
        ]
        let wait = [incoming.wait, outgoing.wait].compactMap(\.self).min()
        let milliseconds = wait.map { CInt(($0 / .milliseconds(1)).rounded(.up)) } ?? -1
        guard poll(&sockets, 2, milliseconds) >= 0 else { return errno == EINTR }
        let (guest, helper) = (Int32(sockets[0].revents), Int32(sockets[1].revents))
        if guest & POLLIN != 0, !outgoing.queue.read(from: outgoing.source) { return false }
        if helper & POLLIN != 0, !incoming.queue.read(from: incoming.source) { return false }
        // Without the other's end nothing is left to do for what still waits.
        guard (guest | helper) & (POLLHUP | POLLERR | POLLNVAL) == 0 else { return false }
        let (waiting, room) = (incoming.queue.count, room)
        guard outgoing.send(edit: { clamp.apply(to: &$0, $1, waiting: waiting, room: room) }) else { return false }
        return incoming.send { _, _ in }
    }

    private static func events(read: Lane, send: Lane) -> Int16 {
        Int16((read.canRead ? POLLIN : 0) | (send.canSend ? POLLOUT : 0))
    }
}
