import Domain
import Queue
import Synchronization

/// What the form offers, remembered for the time when the queue does not answer.
final class MachineShelf: Sendable {
    private let queue: JobQueue
    private let lease: Duration
    private let last = Mutex<Offer?>(nil)

    init(queue: JobQueue, lease: Duration) {
        self.queue = queue
        self.lease = lease
    }

    /// What hosts offer now.
    func offer() async throws(QueueError) -> Offer {
        let machines = try await queue.machines(lease: lease)
        let hosts = try await queue.hosts(lease: lease)
        let offer = Offer(
            machines: machines, largestCPU: hosts.map(\.status.cpuCapacity).max() ?? 0,
            largestMemoryMiB: hosts.map(\.status.memoryCapacityMiB).max() ?? 0)
        last.withLock { $0 = offer }
        return offer
    }

    /// What hosts offered when the queue answered last, or nil if it never did.
    func remembered() -> Offer? {
        last.withLock { $0 }.map { offer in
            var offer = offer
            offer.stale = true
            return offer
        }
    }
}
