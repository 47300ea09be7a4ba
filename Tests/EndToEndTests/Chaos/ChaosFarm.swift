import Domain
import Foundation
import FoundationNetworking
import Logging
import Processes
import Queue
import Redis
import TestSupport

/// Two hosts with real machines, a frontend and two schedulers, each a process of its own, around a Redis whose clock is set.
final class ChaosFarm: @unchecked Sendable {
    // Proof: one test changes it, one step after the other.
    let server: RedisServer
    let root: String
    let queue: JobQueue
    let frontend: ChaosRole
    let schedulers: [ChaosRole]
    let workers: [ChaosRole]
    let port: Int
    /// Where a small disk can be filled, which needs root.
    private(set) var disk: SmallDisk?
    /// Sessions that the farm has promised, and those of them whose end was asked for.
    private(set) var promised: [SessionID] = []
    private(set) var stopped: Set<SessionID> = []
    private var requests = 0

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init() async throws {
        let server = try await RedisServer.start(appendOnly: true, fakesClock: true)
        let root = server.directory
        let port = try TCPListener(host: "127.0.0.1", port: 0).port
        (self.server, self.root, self.port) = (server, root, port)
        queue = JobQueue(redis: RedisClient(address: server.address, logger: Logger(label: "test")))
        let machines = "\(root)/m"
        try FileManager.default.createDirectory(atPath: machines, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(machines)/grub.iso", withDestinationPath: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
        try Data("[grub.iso]\ndescription=GRUB\n".utf8).write(to: URL(filePath: "\(machines)/machines.conf"))
        func settings(_ name: String, _ display: Int) -> [String: String] {
            [
                "redis.url": "unix://\(server.socket)", "machines.directory": machines,
                "state_dir": "\(root)/\(name)/s", "runtime_dir": "\(root)/\(name)/r", "auth.methods": "none",
                "frontend.listen": "127.0.0.1:\(port)", "display.listen": "127.0.0.1:\(display)",
                "worker.name": name, "worker.accelerator": "tcg", "worker.cpu_overcommit": "64", "limits.load": "0",
                "limits.sessions": "0", "limits.sessions_per_user": "0", "limits.waiting_per_user": "0",
                "limits.creations_per_minute": "0", "limits.cpu_fraction_per_user": "0",
                "limits.memory_fraction_per_user": "0", "worker.stop_grace": "200ms", "scheduler.lease": "3s",
                "worker.disk_overcommit": "0", "worker.disk_reserve_gib": "0", "defaults.lifetime": "1h",
            ]
        }
        let ports = try (0..<4).map { _ in try TCPListener(host: "127.0.0.1", port: 0).port }
        frontend = try ChaosRole("frontend", root: "\(root)/f", settings: settings("f", ports[0]))
        schedulers = try ["s1", "s2"].map {
            try ChaosRole("scheduler", root: "\(root)/\($0)", settings: settings($0, ports[0]))
        }
        workers = try zip(["a", "b"], ports.dropFirst()).map {
            try ChaosRole("worker", root: "\(root)/\($0)", settings: settings($0, $1))
        }
        if geteuid() == 0 { disk = try SmallDisk(at: "\(root)/a/s", kibibytes: 256 << 10) }
    }

    /// What outlives the workers must not outlive the test, whatever became of it.
    deinit {
        for (id, _) in machines() {
            for process in ProcessHandle.all(mark: "guest=qwd-\(id),") { process.signal(SIGKILL) }
        }
        for worker in workers {
            for file in ["gateway.pid", "network/holder.pid"] {
                ProcessHandle(pidFile: "\(worker.root)/r/\(file)", mark: "")?.signal(SIGKILL)
            }
        }
        disk?.unmount()
    }

    var roles: [ChaosRole] { [frontend] + schedulers + workers }

    /// Starts everything with one secret.
    func start() async throws {
        try await frontend.start()
        while Files.read("\(root)/f/s/secret")?.isEmpty ?? true { try await Task.sleep(for: .milliseconds(10)) }
        for role in roles.dropFirst() {
            try FileManager.default.copyItem(atPath: "\(root)/f/s/secret", toPath: "\(role.root)/s/secret")
            try await role.start()
        }
        try await hosts(2)
    }

    /// Waits until so many hosts live.
    func hosts(_ count: Int) async throws {
        try await wait("\(count) hosts") {
            ((try? await self.queue.hosts(lease: .seconds(3)).filter(\.alive).count) ?? 0) >= count ? () : nil
        }
    }

    /// Asks again and again, because of what is away, or was killed, no event tells that it is back.
    /// - Throws: After two minutes, with what everybody says.
    private func wait<Value>(_ what: String, _ look: () async throws -> Value?) async throws -> Value {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            if let value = try? await look() { return value }
            try await Task.sleep(for: .milliseconds(50))
        }
        let said = roles.map { "\($0.root):\n\($0.said.suffix(1500))" }.joined(separator: "\n")
        throw Failure(description: "\(what) did not come.\n\(said)")
    }

    /// Asks for a session as a browser does that sends the same form until there is an answer.
    func create() async throws {
        requests += 1
        guard let url = URL(string: "http://127.0.0.1:\(port)/sessions") else { return }
        var request = URLRequest(url: url, timeoutInterval: 5)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data("machine=grub.iso&cpu=1&memory=0.25&nonce=chaos-request-\(requests)".utf8)
        struct Created: Decodable { var id: String }
        let wanted = request
        let id = try await wait("an answer to POST /sessions") { () -> SessionID? in
            if let (data, response) = try? await URLSession.shared.data(for: wanted),
                [201, 303, 200].contains((response as? HTTPURLResponse)?.statusCode ?? 0),
                let id = (try? JSONDecoder().decode(Created.self, from: data)).flatMap({ SessionID($0.id) })
            {
                return id
            }
            return nil
        }
        promised.append(id)
    }

    /// Asks for a session's end until the queue has taken it.
    func stop(_ id: SessionID) async throws {
        try await wait("a stop of \(id)") { try await self.queue.stop(id).map { _ in () } }
        stopped.insert(id)
    }

    var living: [SessionID] { promised.filter { !stopped.contains($0) } }

    /// The machines that run, by session.
    func machines() -> [SessionID: Int] {
        var found: [SessionID: Int] = [:]
        let ours = Set(promised.map(\.text))
        for name in Files.names(in: "/proc") where Int32(name) != nil {
            guard let line = Files.read("/proc/\(name)/cmdline"),
                line.prefix(while: { $0 != " " }).hasSuffix("/qemu-system-x86_64"),
                let mark = line.firstRange(of: "guest=qwd-")
            else { continue }
            let id = String(line[mark.upperBound...].prefix(16))
            if ours.contains(id), let session = SessionID(id) { found[session, default: 0] += 1 }
        }
        return found
    }

    /// What is wrong now: a session that runs twice.
    func doubled() -> [String] { machines().filter { $0.value > 1 }.map { "\($0.key) runs \($0.value) times" } }

    /// Everything goes well again: waits until each session is where it should be, ends them all, and tells what is wrong.
    func comeToRest() async throws -> [String] {
        var wrong: [String] = []
        for id in living {
            let session = try await settled(id)
            if session?.state != .running || machines()[id] != 1 {
                wrong.append(
                    "\(id) is \(session?.state.rawValue ?? "gone"), \(session?.reason?.rawValue ?? ""): "
                        + "\(session?.detail ?? ""), machines: \(machines()[id] ?? 0)")
            }
        }
        for id in living { try await stop(id) }
        for id in promised { _ = try await ended(id) }
        // Of one client only the last 300 are kept; the record of who did what has all of them.
        let acts = try await queue.audit(limit: 1_000_000)
        let ends = Dictionary(acts.filter { $0.act == .ended }.map { ($0.what, $0.detail) }) { _, last in last }
        // The reason, and behind it what more there is to say.
        for id in promised where !["stopped", "cancelled"].contains(ends[id.text]?.prefix { $0 != ":" }) {
            wrong.append("\(id) ended as \(ends[id.text] ?? "nothing")")
        }
        wrong += machines().map { "the machine of \($0.key) is left" }
        for worker in workers {
            for directory in ["r/sessions", "s/sessions", "r/tokens"] {
                wrong += Files.names(in: "\(worker.root)/\(directory)").map {
                    "\(worker.root)/\(directory)/\($0) is left"
                }
            }
        }
        for host in try await queue.hosts() where host.reserved != Resources() {
            wrong.append("\(host.name) still promises \(host.reserved)")
        }
        let strays = try await queue.strays(lease: .seconds(3)).map {
            "\($0.stray.session) is a stray: \($0.stray.why)"
        }
        let made = acts.count { $0.act == .create }
        return wrong + strays + (made == promised.count ? [] : ["\(promised.count) promised, \(made) made"])
    }

    private func settled(_ id: SessionID) async throws -> Session? {
        try await wait("the display of \(id)") { () -> Session?? in
            let session = try await self.queue.session(id)
            guard let session, session.state != .ended else { return .some(session) }
            return session.state == .running && session.displayReady ? .some(session) : nil
        }
    }

    private func ended(_ id: SessionID) async throws -> Session? {
        try await wait("the end of \(id)") { () -> Session?? in
            let session = try await self.queue.session(id)
            return session?.state ?? .ended == .ended ? .some(session) : nil
        }
    }

    func shutDown() async throws {
        await queue.redis.close()
        for role in roles { try await role.terminate() }
        for worker in workers {
            if let gateway = ProcessHandle(pidFile: "\(worker.root)/r/gateway.pid", mark: "\(worker.root)/r/tokens") {
                _ = await gateway.kill()
            }
        }
        disk?.unmount()
        server.kill()
    }
}
