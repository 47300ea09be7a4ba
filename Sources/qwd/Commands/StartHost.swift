import Domain
import Queue
import Settings
import Worker

/// Which host a request of the command line is for, where that matters.
struct StartHost {
    var queue: JobQueue
    var lease: Duration
    /// What `--host` says.
    var name: String?

    /// - Returns: The id of the one host that it may run on; nil for any.
    func id(of request: SessionRequest, _ settings: Settings) async throws -> String? {
        if name == nil, request.image == nil, !request.usesMaster { return nil }
        let alive = try await queue.hosts(lease: lease).filter(\.alive)
        if let name {
            guard let host = alive.first(where: { $0.name == name || $0.id == name }) else {
                throw Failure(.failed, "No host \(name) is up. There is: \(Self.list(alive)).")
            }
            guard request.image == nil || host.id == ownID(settings) else {
                throw Failure(.usage, "A file is started on the host that it is on: run this command on \(name).")
            }
            return host.id
        }
        if request.image != nil {
            guard let own = ownID(settings), alive.contains(where: { $0.id == own }) else {
                throw Failure(
                    .failed, "No worker of this host (\(settings.stateDir)) is up, and a file is started where it is.")
            }
            return own
        }
        let able = try await queue.hosts(offering: request.machine)
        let hosts = alive.filter { able.contains($0.id) }
        guard hosts.count < 2 else {
            throw Failure(
                .usage,
                "\(request.machine) is on \(hosts.count) hosts. Say by --host which one's disk is meant: \(Self.list(hosts))."
            )
        }
        return hosts.first?.id
    }

    private func ownID(_ settings: Settings) -> String? { HostIdentity.known(in: settings.stateDir) }

    private static func list(_ hosts: [Host]) -> String {
        hosts.isEmpty ? "none" : hosts.map(\.name).joined(separator: ", ")
    }
}
