import Domain
import Queue
import Synchronization

/// What the form offers, remembered for the time when the queue does not answer.
final class OfferCache: Sendable {
    private let current: Cached<AvailableMachines>
    private let last = Mutex<(offer: AvailableMachines, at: ContinuousClock.Instant)?>(nil)

    init(queue: JobQueue, hosts: Cached<[Host]>, lease: Duration, freshness: Duration) {
        current = Cached(life: freshness) { () throws(QueueError) -> AvailableMachines in
            let machines = try await queue.machines(lease: lease)
            let hosts = try await hosts.value()
            return AvailableMachines(
                machines: machines, largestCPU: hosts.map(\.status.capacity.cpu).max() ?? 0,
                largestMemoryMiB: hosts.map(\.status.capacity.memoryMiB).max() ?? 0,
                largestGPU: hosts.map(\.status.capacity.gpu).max() ?? 0)
        }
    }

    /// What hosts offer now.
    func offer() async throws(QueueError) -> AvailableMachines {
        let offer = try await current.value()
        last.withLock { $0 = (offer, .now) }
        return offer
    }

    /// What hosts offered a moment ago, if `machine` is among it, else what they offer now.
    ///
    /// A request for a machine that was taken back meanwhile waits until it is offered again, as any that comes a moment
    /// before does.
    func offer(of machine: String) async throws(QueueError) -> AvailableMachines {
        let recent = last.withLock { $0 }
        if let recent, recent.at.duration(to: .now) < Self.moment,
            recent.offer.machines.contains(where: { $0.name == machine })
        {
            return recent.offer
        }
        await current.forget()
        return try await offer()
    }

    /// Shorter than the silence after which a host counts as gone.
    private static let moment = Duration.seconds(10)

    /// What hosts offered when the queue answered last, or nil if it never did.
    func remembered() -> AvailableMachines? {
        last.withLock { $0 }.map { last in
            var offer = last.offer
            offer.stale = true
            return offer
        }
    }
}
