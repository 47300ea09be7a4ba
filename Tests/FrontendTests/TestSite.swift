import Accounts
import Domain
@testable import Frontend
import Hummingbird
import Logging
import Logins
import Queue
import Redis
import Secrets
import ServiceLifecycle
import Synchronization
import TestSupport

/// A frontend on a port of its own with a Redis server of its own, and a worker's side of the queue to drive it.
struct TestSite: Sendable {
    let server: RedisServer
    let queue: JobQueue
    let http: HTTPClient
    let log: TestLog
    let secret: ServiceSecret
    let options: FrontendOptions

    static let machines = [
        MachineDescription(
            name: "debian-desktop", summary: "A desktop to look at", kind: "disk", architecture: "x86_64", cpu: 2,
            memoryMiB: 2048),
        MachineDescription(name: "grub", summary: "Boots at once", kind: "iso", architecture: "x86_64"),
    ]

    /// A host of 16 processors and 15 GiB that can be promised.
    static let host = HostStatus(
        name: "host-a", cpus: 4, memoryMiB: 16_384,
        capacity: Resources(cpu: 16, memoryMiB: 15_360, diskGiB: 1000), load1: 0.5, cpuBusy: 0.25,
        memoryAvailableMiB: 12_288, diskFreeMiB: 102_400, bootID: "boot", accelerator: "kvm", notice: "",
        version: "1", displayURL: "http://viewer.example:6080")

    func hostUp(_ name: String = "host-a", _ status: HostStatus = TestSite.host) async throws {
        var status = status
        status.name = name
        _ = try await queue.hostUp(name, status: status, living: [])
        try await queue.offer(Self.machines, host: name)
    }

    /// Creates a session as a browser does and answers its id.
    func create(_ fields: [(String, String)] = [("machine", "grub")]) async throws -> SessionID {
        let reply = try await http.post("/sessions", fields)
        guard reply.status == 303, let path = reply.headers["location"], let id = SessionID(path.dropFirst(10)) else {
            throw Unexpected(reply: reply)
        }
        return id
    }

    func claim(_ host: String = "host-a") async throws -> Claim? {
        try await queue.claim(
            host: host, worker: "w", routes: [.host(host), .create], lease: .seconds(300), limits: options.limits)?
            .claim
    }

    /// Brings the first waiting session as far as `last`.
    @discardableResult
    func advance(to last: SessionStep) async throws -> Claim {
        guard let claim = try await claim() else { throw NothingToClaim() }
        for step in SessionStep.allCases.dropFirst() where step.number <= last.number {
            switch step {
            case .commit: _ = try await queue.commit(claim, accelerator: "kvm")
            case .running:
                try await queue.finish(claim, displayURL: Self.host.displayURL)
            default: _ = try await queue.step(claim, step)
            }
        }
        return claim
    }

    struct NothingToClaim: Error {}

    struct Unexpected: Error, CustomStringConvertible {
        let reply: HTTPClient.Reply
        var description: String { "\(reply.status) \(reply.headers)\n\(reply.body)" }
    }
}

/// Runs a frontend around `body`.
func withSite(
    _ options: FrontendOptions = FrontendOptions(defaultMemoryMiB: 1024), appendOnly: Bool = false,
    signIn: SignInOptions? = nil, methods: [any SignInMethod] = [KnownPeople()], post: MailConfiguration? = nil,
    certificate: Certificate? = nil, freshness: Duration = .zero,
    _ body: @Sendable (TestSite) async throws -> Void
) async throws {
    let server = try await RedisServer.start(appendOnly: appendOnly)
    let log = TestLog()
    let redis = RedisClient(address: server.address, commandTimeout: .seconds(5), logger: log.logger)
    let queue = JobQueue(redis: redis)
    let secret = ServiceSecret(bytes: Array(0..<32))
    var options = options
    options.listenPort = 0
    // What a test changes has to be seen by its next request.
    options.freshness = freshness
    let dependencies = signIn.map {
        SignInDependencies(
            chain: SignInChain(methods: methods),
            logins: LoginStore(redis: redis, idle: .seconds(600), absolute: .seconds(6000)), options: $0)
    }
    let frontend = Frontend(
        queue: queue, secret: secret, options: options, dependencies: dependencies, post: post,
        certificate: certificate,
        logger: log.logger)
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let application = try frontend.application { found.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [application], logger: log.logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        guard let port = await ports.first(where: { _ in true }) else { return }
        let site = TestSite(
            server: server, queue: queue, http: HTTPClient(port: port), log: log, secret: secret, options: options)
        try await body(site)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
    await redis.close()
    await server.stop()
}

/// Keeps every line that is logged, with its metadata.
final class TestLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: TestLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = "\(event.level) \(event.message) " + all.map { "\($0)=\($1)" }.sorted().joined(separator: " ")
            log.kept.withLock { $0.append(line) }
        }
    }
}
