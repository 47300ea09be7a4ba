import Redis

/// Where a worker acts for a host.
package struct HostPlace: Sendable, Hashable {
    /// Tells this run of this host's kernel, and its state directory, from all others.
    package var id: String
    /// The same for people: the name of the machine and the directory.
    package var text: String

    package init(id: String, text: String) {
        self.id = id
        self.text = text
    }
}

/// What a host is told that wants to work.
package enum Arrival: Sendable, Hashable {
    case welcome
    /// Another one has its id, as a copy of its state directory would, or its name, and may live.
    /// - Parameter heard: How long ago it was heard of.
    case taken(What, by: String, heard: Duration)

    package enum What: String, Sendable {
        case id, name
    }
}

extension JobQueue {
    /// A worker begins to act for a host. It may ask again and again.
    /// - Parameter clock: How long the host has run; the queue's time goes on by it.
    package func arrive(
        _ host: String, name: String, place: HostPlace, lease: Duration, clock: BootTime? = nil
    ) async throws(QueueError) -> Arrival {
        let reply = try await call(
            .arrive,
            [host, name, place.id, place.text, "\(lease.milliseconds)"] + BootTime.arguments(clock))
        guard let answer = reply.array, let word = answer.first?.string else {
            throw Self.unexpected(reply, from: "arrive")
        }
        if word == "ok" { return .welcome }
        guard answer.count == 3, let what = Arrival.What(rawValue: word) else {
            throw Self.unexpected(reply, from: "arrive")
        }
        return .taken(what, by: answer[1].string ?? "", heard: .milliseconds(answer[2].integer ?? 0))
    }

    /// A worker no longer acts for a host: whoever comes next need not wait until it is silent.
    package func leave(_ host: String, lease: Duration) async throws(QueueError) {
        _ = try await call(.arrive, [host, "", "", "", "\(lease.milliseconds)"] + BootTime.arguments(nil))
    }
}
