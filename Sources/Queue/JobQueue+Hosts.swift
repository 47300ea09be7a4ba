package import Domain
import FoundationEssentials
import Redis

/// What the queue says of a session that it places on a host, or whose machine lives there.
package struct PlacedSession: Sendable, Hashable {
    package var id: SessionID
    package var fence: Int
    /// Nil: the queue knows nothing of it, or places it elsewhere.
    package var state: SessionState?
}

extension JobQueue {
    /// A worker's heartbeat: what its host is like and which sessions' machines really live there.
    /// - Parameter clock: How long the host has run; the queue's time goes on by it.
    /// - Returns: The sessions that the queue places on this host, without those that are still starting, and those that
    ///   live there though they have ended, or though the queue does not know that. One that does not live there has ended
    ///   unseen.
    /// - Throws: `.taken` if another worker has arrived for this host since.
    package func hostUp(
        _ host: String, status: HostStatus, living: [SessionID], lease: Duration = .seconds(30), clock: BootTime? = nil
    ) async throws(QueueError) -> [PlacedSession] {
        let fields = status.fields
        let reply = try await call(
            .hostup,
            [host, "\(lease.milliseconds)"] + BootTime.arguments(clock) + ["\(fields.count)"]
                + fields.flatMap { [$0.name, $0.value] } + living.map(\.text))
        guard let values = reply.array, values.count.isMultiple(of: 3) else {
            throw Self.unexpected(reply, from: "hostup")
        }
        return stride(from: 0, to: values.count, by: 3).compactMap { place in
            guard let id = values[place].string.flatMap({ SessionID($0) }), let word = values[place + 2].string else {
                return nil
            }
            let state = SessionState(rawValue: word)
            if state == nil, word != "stray" { return nil }
            return PlacedSession(id: id, fence: values[place + 1].integer ?? 0, state: state)
        }
    }

    /// Publishes what `host` has besides room: the machines it can start and its tags. What it had before and not now is
    /// taken back.
    /// - Parameters:
    ///   - unlisted: Names of machines that can be asked for, too, but that no form shows.
    ///   - tags: Names that a request may ask for.
    package func offer(
        _ machines: [MachineDescription], unlisted: [String] = [], tags: [String] = [], host: String
    ) async throws(QueueError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let tags = tags.map { SessionRequest.tagPrefix + $0 } + [Placement.Verdict.hostPrefix + host]
        var arguments = [host, "\(tags.count)"] + tags
        arguments += ["\(unlisted.count)"] + unlisted
        for machine in machines {
            do {
                arguments += [machine.name, String(decoding: try encoder.encode(machine), as: UTF8.self)]
            } catch {
                throw QueueError(.unexpected, "The machine \(machine.name) can't be written as JSON.", cause: error)
            }
        }
        _ = try await call(.offer, arguments)
    }

    /// Whether the queue knows of any machine that `host` can start.
    package func hasOffer(of host: String) async throws(QueueError) -> Bool {
        try await send(["EXISTS", "qwd:tags:host:\(host)"]).integer ?? 0 > 0
    }

    /// The mark of the secret that all hosts share: that of the host which asked first.
    /// - Parameter mark: That of the host which asks now.
    package func secretMark(asking mark: String) async throws(QueueError) -> String {
        // Only the first host of all needs the right to write it.
        if let known = try await knownSecretMark() { return known }
        let replies = try await send(pipeline: [["SET", "qwd:secret", mark, "NX"], ["GET", "qwd:secret"]])
        // The first one is the word of a Redis that refuses writes.
        if case .error(let text) = replies[0] { throw QueueError(.unavailable, text) }
        guard let known = replies[1].string else { throw Self.unexpected(replies[1], from: "GET qwd:secret") }
        return known
    }

    /// The mark of the secret that all hosts share; nil if none has asked yet.
    package func knownSecretMark() async throws(QueueError) -> String? { try await send(["GET", "qwd:secret"]).string }

    /// Whether a scheduler leads.
    package func hasLeader() async throws(QueueError) -> Bool {
        let replies = try await send(pipeline: [["HGET", "qwd:leader:scheduler", "until"]] + QueueClock.looks)
        guard let now = clock.read(replies.dropFirst()) else { throw Self.unexpected(replies[2], from: "TIME") }
        return replies[0].string.flatMap { Int64($0) }.map { $0 > now } ?? false
    }

    /// How far this host's time of day is ahead of Redis', in seconds; nil if it does not say.
    /// - Parameter now: Seconds since the epoch.
    package func clockLead(now: Int) async throws(QueueError) -> Int? {
        guard case .array(let parts) = try await send(["TIME"]), let text = parts.first?.string, let there = Int(text)
        else { return nil }
        return now - there
    }

    /// Lets a host take no new sessions, or take them again.
    /// - Returns: False if no such host is known.
    package func drain(_ host: String, _ draining: Bool) async throws(QueueError) -> Bool {
        try await call(.drain, [host, draining ? "1" : "0"]).string == "ok"
    }

    /// Gives up a host that does not come back, and its sessions with it.
    /// - Returns: How many sessions ended by that, or nil if no such host is known.
    /// - Throws: `.refused` if it was heard of within two leases.
    package func forget(host: String, lease: Duration) async throws(QueueError) -> Int? {
        try await call(.forget, [host, "\(lease.milliseconds)"]).integer
    }

    /// The machines that a live host offers, in the order of their catalogue.
    /// - Parameter lease: A host counts as alive while its last heartbeat is younger than two of these.
    package func machines(lease: Duration = .seconds(30)) async throws(QueueError) -> [MachineDescription] {
        let hosts = try await heartbeats().filter { $0.age < lease * 2 }.map(\.host)
        let replies = try await send(
            pipeline: [["HGETALL", "qwd:machines"]]
                + hosts.flatMap {
                    [["SMEMBERS", "qwd:machines:host:\($0)"], ["HGETALL", "qwd:machines:offers:\($0)"]]
                })
        let known = replies[0].dictionary
        var told: [String: [MachineDescription]] = [:]
        for place in stride(from: 1, to: replies.count, by: 2) {
            let offers = replies[place + 1].dictionary
            for name in replies[place].array?.compactMap(\.string) ?? [] {
                // A host of an earlier version has told all others alone. A description that another version wrote and this one
                // can't read is not offered.
                guard let text = offers[name] ?? known[name],
                    let machine = try? JSONDecoder().decode(MachineDescription.self, from: Data(text.utf8))
                else { continue }
                told[name, default: []].append(machine)
            }
        }
        return told.values.compactMap { MachineDescription(merging: $0) }.sorted {
            ($0.order ?? .max, $0.name) < ($1.order ?? .max, $1.name)
        }
    }

    /// Whether a live host can start a machine of this name, shown by forms or not.
    package func isOffered(_ machine: String, lease: Duration = .seconds(30)) async throws(QueueError) -> Bool {
        let hosts = try await heartbeats().filter { $0.age < lease * 2 }.map(\.host)
        return try await !Set(hosts).isDisjoint(with: self.hosts(offering: machine))
    }

    /// Ids of the hosts that can start a machine, alive or not.
    package func hosts(offering machine: String) async throws(QueueError) -> [String] {
        try await send(["SMEMBERS", "qwd:hosts:tag:machine:\(machine)"]).array?.compactMap(\.string) ?? []
    }

    /// All hosts, by name.
    /// - Parameter lease: A host counts as alive while its last heartbeat is younger than two of these.
    package func hosts(lease: Duration = .seconds(30)) async throws(QueueError) -> [Host] {
        let heartbeats = try await heartbeats()
        let replies = try await send(
            pipeline: heartbeats.flatMap {
                [["HGETALL", "qwd:host:\($0.host)"], ["SCARD", "qwd:sessions:host:\($0.host)"]]
            })
        return heartbeats.enumerated().map { place, heartbeat in
            let fields = replies[2 * place].dictionary
            return Host(
                id: heartbeat.host, status: HostStatus(fields: fields, id: heartbeat.host),
                reserved: Resources(fields: fields, suffix: "_reserved"), draining: fields["draining"] == "1",
                seenAt: heartbeat.seenAt,
                sessions: replies[2 * place + 1].integer ?? 0, alive: heartbeat.age < lease * 2)
        }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private func heartbeats() async throws(QueueError) -> [(host: String, seenAt: Int64, age: Duration)] {
        let replies = try await send(pipeline: [["ZRANGE", "qwd:hosts", "0", "-1", "WITHSCORES"]] + QueueClock.looks)
        guard let hosts = replies[0].array, let now = clock.read(replies.dropFirst()) else {
            throw Self.unexpected(replies[2], from: "TIME")
        }
        return stride(from: 0, to: hosts.count - 1, by: 2).compactMap { place in
            guard let host = hosts[place].string, let seenAt = hosts[place + 1].integer else { return nil }
            return (host, clock.shown(Int64(seenAt)), .milliseconds(now - Int64(seenAt)))
        }
    }
}
