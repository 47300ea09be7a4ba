import ArgumentParser
import Domain
import Glibc
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
        guard let answer = Self.answer(host, listen.port, speaks: settings.tls.certificate == nil) else {
            throw Failure(.unavailable, "No pages at \(listen).")
        }
        // Behind TLS it is asked whether somebody listens, and no more.
        if settings.tls.certificate != nil || answer.split(separator: " ").dropFirst().first == "200" { return }
        let body = answer.firstRange(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
        throw Failure(.unavailable, "The pages at \(listen) are not ready: \(body.prefix(500))")
    }

    /// What is said to a request for /readyz; nil if nobody listens.
    private static func answer(_ host: String, _ port: Int, speaks: Bool) -> String? {
        var hints = addrinfo()
        (hints.ai_socktype, hints.ai_flags) = (Int32(SOCK_STREAM.rawValue), AI_NUMERICSERV)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found else { return nil }
        defer { freeaddrinfo(found) }
        let number = socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), address.pointee.ai_protocol)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(number, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(number, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else { return nil }
        if !speaks { return "" }
        let request = "GET /readyz HTTP/1.0\r\n\r\n"
        guard send(number, request, request.utf8.count, CInt(MSG_NOSIGNAL)) == request.utf8.count else {
            return nil
        }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count < 1 << 16 {
            let count = recv(number, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
