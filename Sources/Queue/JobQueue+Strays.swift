package import Domain
import FoundationEssentials
import Redis

/// A machine on a host, or the disk that one has left, that belongs to no session which the queue places there.
package struct Stray: Sendable, Hashable, Codable {
    package var session: SessionID
    /// Whose it was, and of which machine; empty where the host does not know.
    package var owner: String
    package var machine: String
    /// Whether it lives; otherwise there is a disk only.
    package var lives: Bool
    /// What its disk takes on the host.
    package var diskMiB: Int
    /// Why the host does not take it for one of its sessions'.
    package var why: String

    package init(session: SessionID, owner: String, machine: String, lives: Bool, diskMiB: Int, why: String) {
        self.session = session
        self.owner = owner
        self.machine = machine
        self.lives = lives
        self.diskMiB = diskMiB
        self.why = why
    }
}

/// What became of a wish to take a machine up again.
package enum TakeUp: String, Sendable {
    case ok, known, gone
}

extension JobQueue {
    /// Tells of all machines on a host that belong to no session of it.
    package func tell(_ strays: [Stray], on host: String) async throws(QueueError) {
        var arguments = [host]
        for stray in strays {
            let text = (try? JSONEncoder().encode(stray)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
            arguments += [stray.session.text, text]
        }
        _ = try await call(.strays, arguments)
    }

    /// What hosts have told of such machines, with the host of each.
    package func strays(lease: Duration) async throws(QueueError) -> [(host: Host, stray: Stray)] {
        let hosts = try await hosts(lease: lease)
        let replies = try await send(pipeline: hosts.map { ["HGETALL", "qwd:strays:host:\($0.id)"] })
        return zip(hosts, replies).flatMap { host, reply in
            reply.dictionary.values
                .compactMap { try? JSONDecoder().decode(Stray.self, from: Data($0.utf8)) }
                .sorted { $0.session < $1.session }.map { (host, $0) }
        }
    }

    /// Asks a host to take a stray machine up again as the session that it was, or to end it and remove its disk.
    /// - Parameter job: A new id; with the same one a call may be repeated.
    /// - Returns: False if the host has told of no such machine.
    package func decide(
        _ kind: JobKind, of stray: SessionID, on host: String, by who: String, from address: String, job: JobID
    ) async throws(QueueError) -> Bool {
        try await call(.stray, [host, stray.text, kind.rawValue, job.text, who, address]).string == "ok"
    }

    /// A machine that runs on a host becomes its session again.
    package func takeUp(
        _ session: SessionID, fence: Int, on host: String, accelerator: String, request: SessionRequest
    ) async throws(QueueError) -> TakeUp {
        let fields = request.fields
        let client = LimitedClient.person(request.owner)
        let reply = try await call(
            .takeup,
            [
                session.text, "\(fence)", host, accelerator, request.owner.text, request.machine, request.needs,
                client.holder, client.asker, fields.map(\.name).joined(separator: " "),
                JobID(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).text,
            ] + fields.flatMap { [$0.name, $0.value] })
        guard let answer = reply.string.flatMap(TakeUp.init(rawValue:)) else {
            throw Self.unexpected(reply, from: "takeup")
        }
        return answer
    }
}
