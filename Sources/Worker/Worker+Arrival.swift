import Domain
import Logging
package import Queue

/// This host's id, or its name, is another one's.
package struct HostTaken: Error, Sendable, CustomStringConvertible {
    package var what: Arrival.What
    /// Name and id of the host that was refused.
    package var host: String
    package var id: String
    /// Where both are.
    package var here: String
    package var there: String

    package var description: String {
        switch what {
        case .id:
            "The host id \(id) is in use: \(there) lives with it, and \(here) has the same, as a copy of its directory would. "
                + "Is this a copy? Then remove host-id from the state directory here, and it becomes a host of its own."
        case .name:
            "The host name \(host) is in use: \(there) lives with it, and \(here) has the same. "
                + "Give one of them another worker.name."
        }
    }
}

extension Worker {
    /// Begins to act for the host.
    ///
    /// Who seems to have its id or its name may have ended without a word: such a one is silent from now on, and this host's turn
    /// comes two leases after its last sign of life.
    /// - Throws: `HostTaken` if another one lives.
    func arrive() async throws {
        var last: Duration?
        while !Task.isCancelled {
            let answer = try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                try await queue.arrive(
                    options.hostID, name: options.host, place: options.place, lease: options.lease,
                    clock: .now())
            }
            guard case .taken(let what, let there, let heard)? = answer else { return }
            // Heard of again since the last look.
            if let last, heard < last {
                throw taken(what, by: there)
            }
            if last == nil {
                logger.notice(
                    "waiting to see whether another host lives",
                    metadata: ["host.\(what.rawValue)": "\(options.host)", "there": "\(there)"])
            }
            last = heard
            // Its next sign of life is due within a third of a lease; no event tells that there was none.
            try? await Task.sleep(for: options.lease / 6)
        }
    }

    /// Whether this host is this worker's again, after another one had taken it.
    func arrivesAgain() async throws(QueueError) -> Bool {
        let answer = try await queue.arrive(
            options.hostID, name: options.host, place: options.place, lease: options.lease,
            clock: .now())
        guard case .taken(let what, let there, _) = answer else {
            await table.take(false)
            return true
        }
        logger.error("this worker does nothing", metadata: ["reason": "\(taken(what, by: there))"])
        return false
    }

    private func taken(_ what: Arrival.What, by there: String) -> HostTaken {
        HostTaken(what: what, host: options.host, id: options.hostID, here: options.place.text, there: there)
    }
}
