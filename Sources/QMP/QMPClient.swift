import FoundationEssentials
import NIOCore
import Synchronization

/// A connection to the machine protocol of one running QEMU.
///
/// QEMU serves one client at a time, so a client is closed before another one connects. One that is let go without
/// `close()` stays connected until QEMU ends.
///
/// Not here: out-of-band commands, passing of descriptors (the caller may do so before it connects), reconnection (the caller
/// knows whether QEMU should live).
package final class QMPClient: Sendable {
    package let greeting: QMPGreeting

    /// Every event since the connection was made; finishes when it ends.
    ///
    /// For one consumer. It keeps the last 1,024 unread ones; older ones are dropped, with a warning in the log.
    package let events: AsyncStream<QMPEvent>

    private let channel: any Channel
    private let handler: NIOLoopBound<QMPHandler>
    private let endingRecord: EndingRecord
    private let lastID = Atomic<UInt64>(Request.capabilitiesID)

    init(
        greeting: QMPGreeting, events: AsyncStream<QMPEvent>, channel: any Channel,
        handler: NIOLoopBound<QMPHandler>, ending: EndingRecord
    ) {
        self.greeting = greeting
        self.events = events
        self.channel = channel
        self.handler = handler
        endingRecord = ending
    }

    /// How the connection ended, nil while it lasts. Known before `events` finishes.
    package var ending: QMPEnding? { endingRecord.value }

    /// Sends a command and waits for its reply.
    ///
    /// Any number may wait at once. A cancellation returns promptly; like a time-out it takes back nothing: what was
    /// sent may still take effect.
    /// - Parameter timeout: From the call to the reply.
    @discardableResult
    package func execute<C: QMPCommand>(
        _ command: C, timeout: Duration = .seconds(5)
    ) async throws(QMPError) -> C.Reply {
        let cancelled = QMPError(.cancelled, "\(C.name): the wait was cancelled")
        guard !Task.isCancelled else { throw cancelled }

        let id = lastID.add(1, ordering: .relaxed).newValue
        let request = try Request(command, id: id)
        let loop = channel.eventLoop
        let handler = handler
        let abandon: @Sendable () -> Void = {
            loop.execute { handler.value.abandon(id, because: cancelled) }
        }
        let line = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                loop.execute { handler.value.send(request, timeout: timeout, reply: reply) }
                // A cancellation just before this line reached the loop ahead of the command and found nothing.
                if Task.isCancelled { abandon() }
            }
        } onCancel: {
            abandon()
        }
        do {
            return try JSONDecoder().decode(Answer<C.Reply>.self, from: try line.get()).reply
        } catch let error as QMPError {
            throw error
        } catch {
            throw QMPError(.malformed, "\(C.name): a reply of another form than expected", cause: error)
        }
    }

    /// Ends the connection, not QEMU. Waiting commands fail. Returns when the socket is closed; twice does no harm.
    package func close() async {
        let handler = handler
        channel.eventLoop.execute { handler.value.end(.closedByUs) }
        // The future only tells that the channel is closed, whatever the reason.
        try? await channel.closeFuture.get()
    }
}
