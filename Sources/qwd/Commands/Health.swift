import ArgumentParser
import Domain
import Processes
import Queue
import Settings
import Worker

/// Says whether one role of this host works, for who starts containers and has to know it.
struct Health: AsyncParsableCommand {
    enum Role: String, ExpressibleByArgument, CaseIterable { case frontend, worker, scheduler }

    static let configuration = CommandConfiguration(
        abstract: "Say whether a role of this host works: exit code 0, or 69 and the reason.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Which one. Without it, all of 'qwd up'.") var role: Role?

    func run() async throws {
        let settings = try common.settings()
        for role in role.map({ [$0] }) ?? Role.allCases {
            switch role {
            case .frontend: try frontend(settings)
            case .worker: try await worker(settings)
            case .scheduler: try await scheduler(settings)
            }
        }
        Console.print("ok")
    }

    private func worker(_ settings: Settings) async throws {
        guard let id = HostIdentity.known(in: settings.stateDir) else {
            throw Failure(.unavailable, "No worker has run in \(settings.stateDir).")
        }
        let host = try await Connection.withQueue(settings) { queue in
            try await queue.hosts(lease: settings.scheduler.lease).first { $0.id == id }
        }
        guard let host else { throw Failure(.unavailable, "The worker of this host has not told of itself.") }
        guard host.alive else { throw Failure(.unavailable, "The worker of \(host.name) is silent.") }
    }

    private func scheduler(_ settings: Settings) async throws {
        let leads = try await Connection.withQueue(settings) { try await $0.hasLeader() }
        guard leads else { throw Failure(.unavailable, "No scheduler leads: nothing ends when its time is over.") }
    }

    /// The pages as a proxy asks them, by the address where they listen.
    private func frontend(_ settings: Settings) throws {
        let listen = settings.frontend.listen
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][listen.host] ?? listen.host
        let request = settings.tls.certificate == nil ? "GET /readyz HTTP/1.0\r\n\r\n" : ""
        guard let answer = TCPRequest.answer(to: request, host: host, port: listen.port) else {
            throw Failure(.unavailable, "No pages at \(listen).")
        }
        // Behind TLS it is asked whether somebody listens, and no more.
        if settings.tls.certificate != nil || answer.split(separator: " ").dropFirst().first == "200" { return }
        let body = answer.firstRange(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
        throw Failure(.unavailable, "The pages at \(listen) are not ready: \(body.prefix(500))")
    }
}
