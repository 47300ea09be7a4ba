import Foundation
import Logging
import Processes
import Queue
import Redis
import ServiceLifecycle
import Settings

/// The Redis of `qwd up` when none is configured: on a Unix socket that only its owner can reach, every write on disk
/// before it is answered. One that runs already is adopted; one that dies is started again.
struct PrivateRedis: Service {
    let socket: String
    let directory: String
    let pidFile: String
    private let ballast: RedisBallast
    let logger: Logger

    init(settings: Settings, logger: Logger) {
        socket = Self.socket(settings)
        directory = Self.directory(settings)
        pidFile = Self.pidFile(settings)
        ballast = RedisBallast(settings, logger: logger)
        self.logger = logger
    }

    /// Whether the queue's Redis is one of this host that somebody else starts, as systemd does, with its data in our state directory.
    static func isBeside(_ settings: Settings) -> Bool {
        guard settings.redis.url != nil, let address = try? Connection.address(settings), address.isUnixSocket else {
            return false
        }
        return Files.isDirectory("\(directory(settings))/appendonlydir")
    }

    /// The server that runs now, whoever has started it.
    static func running(_ settings: Settings) -> ProcessHandle? {
        ProcessHandle(pidFile: pidFile(settings), mark: socket(settings))
    }

    private static func pidFile(_ settings: Settings) -> String { "\(settings.runtimeDir)/redis.pid" }

    /// Its data, also where systemd runs it.
    static func directory(_ settings: Settings) -> String { "\(settings.stateDir)/redis" }

    static func socket(_ settings: Settings) -> String { "\(settings.runtimeDir)/redis.sock" }

    /// Starts or adopts the server and returns when it answers.
    @discardableResult
    func start() async throws -> ProcessHandle {
        if let running = ProcessHandle(pidFile: pidFile, mark: socket) {
            try await waitUntilReady(running)
            logger.info("private Redis adopted", metadata: ["redis.pid": "\(running.pid)"])
            return running
        }
        try Files.makeDirectory(directory)
        ballast.keep()
        Files.remove(socket)
        // A session's log has some ten entries, and Redis gives each new one a whole node: 4 KiB by default.
        let server = Program(
            "redis-server",
            [
                "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", directory, "--appendonly",
                "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
                "--stream-node-max-bytes", "1024", "--pidfile", pidFile,
            ], package: "redis-server")
        let process = try await DetachedProcess.start(server, log: "\(directory)/redis.log")
        try await waitUntilReady(process)
        logger.info("private Redis started", metadata: ["redis.pid": "\(process.pid)", "socket": "\(socket)"])
        return process
    }

    /// It answers when it has read its log of the last time, which may take a while for a large one.
    private func waitUntilReady(_ process: ProcessHandle) async throws {
        let client = RedisClient(address: RedisAddress(unixSocket: socket), logger: logger)
        while !process.isGone {
            if (try? await client.send(["PING"])) != nil {
                await client.close()
                return
            }
            // A server says only by answering that it is ready.
            try await Task.sleep(for: .milliseconds(5))
        }
        await client.close()
        throw ProcessError(.system, "redis-server ended; see \(directory)/redis.log")
    }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await ballast.run() }
            await serve()
            group.cancelAll()
        }
        // A cancelled wait would end before the server does, and the next start would meet it.
        await Task { await stop() }.value
    }

    private func serve() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let began = ContinuousClock.now
                    if try await start().waitForEnd() {
                        let last =
                            Files.readEnd("\(directory)/redis.log")?.split(separator: "\n").last.map(String.init) ?? ""
                        logger.warning(
                            "private Redis ended, starting it again",
                            metadata: ["socket": "\(socket)", "redis.said": "\(last)"])
                        // One that ends at once, as on a full disk, does so again: there is no event for the end of the cause.
                        if began.duration(to: .now) < .seconds(1) { try? await Task.sleep(for: .seconds(1)) }
                    }
                } catch {
                    if Task.isCancelled { break }
                    logger.error("no private Redis", metadata: ["error": "\(error)"])
                    // There is no event for the end of the cause, as of a full disk.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    /// Lets the server write what it has and end.
    func stop() async {
        guard let process = ProcessHandle(pidFile: pidFile, mark: socket) else { return }
        process.signal(SIGTERM)
        if await !process.waitForEnd(limit: .seconds(10)) {
            logger.warning("private Redis does not end", metadata: ["redis.pid": "\(process.pid)"])
        }
    }
}
