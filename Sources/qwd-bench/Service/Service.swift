import FoundationEssentials
import Glibc
import Logging
import Processes
import Queue
import Redis

/// A `qwd up` of a release build, in a directory of its own, on ports of its own, without limits.
struct Service: Sendable {
    let process: Child
    let port: Int
    let runtime: String
    let state: String
    let workspace: Workspace
    let redis: RedisClient
    /// The name of the only worker.
    static let host = "bench"

    var queue: JobQueue { JobQueue(redis: redis) }
    private var log: String { "\(state)/qwd.log" }

    /// Starts the service and returns when its worker offers the machine.
    /// - Parameters:
    ///   - settings: More of the configuration, as `key=value`.
    ///   - redis: A Redis to use; nil lets the service start its own.
    ///   - beside: Ends the names of its directories, where two services run in one workspace.
    static func start(
        _ workspace: Workspace, settings: [String] = [], redis: RedisAddress? = nil, beside: String = ""
    ) async throws -> Service {
        let service = try Service(workspace, settings, redis, beside)
        do {
            try await service.waitUntilReady()
            return service
        } catch {
            let words = Files.read(service.log) ?? ""
            await service.stop()
            throw BenchError("\(error)\n\(words.suffix(2000))")
        }
    }

    private init(_ workspace: Workspace, _ more: [String], _ address: RedisAddress?, _ beside: String) throws {
        self.workspace = workspace
        runtime = try workspace.makeDirectory("run\(beside)")
        state = try workspace.makeDirectory("state\(beside)")
        port = try TCPListener(host: "127.0.0.1", port: 0).port
        let gateway = try TCPListener(host: "127.0.0.1", port: 0).port
        var settings = [
            "state_dir=\(state)", "runtime_dir=\(runtime)", "machines.directory=\(workspace.machines)",
            "frontend.listen=127.0.0.1:\(port)", "display.listen=127.0.0.1:\(gateway)", "auth.methods=none",
            "worker.name=\(Self.host)", "worker.cpu_overcommit=64", "limits.load=0", "limits.sessions=0",
            "limits.sessions_per_user=0", "limits.waiting=0", "limits.waiting_per_user=0",
            "limits.creations_per_minute=0", "limits.cpu_fraction_per_user=0", "limits.memory_fraction_per_user=0",
        ]
        if let address { settings.append("redis.url=\(address)") }
        redis = RedisClient(
            address: address ?? RedisAddress(unixSocket: "\(runtime)/redis.sock"), logger: Self.silence)
        let arguments = ["up", "--config", workspace.configuration] + (settings + more).flatMap { ["--set", $0] }
        process = try Child(
            Self.program(), arguments, environment: workspace.mark, log: "\(state)/qwd.log")
    }

    static var silence: Logger { Logger(label: "qwd.bench") { _ in SwiftLogNoOpLogHandler() } }

    /// The qwd beside this program, unless BENCH_QWD names another one.
    static func program() throws -> String {
        if let named = ProcessInfo.processInfo.environment["BENCH_QWD"], !named.isEmpty { return named }
        let own = Files.target(of: "/proc/self/exe") ?? ""
        let directory = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex)
        let path = "\(directory)/qwd"
        guard access(path, X_OK) == 0 else {
            throw BenchError("\(path) is not there. Build it: swift build -c release --product qwd")
        }
        return path
    }

    /// A service says only by answering that it is ready.
    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        let connection = HTTPConnection(port: port)
        while ContinuousClock.now < deadline {
            guard process.isRunning else { throw BenchError("qwd ended while it was started") }
            let answer = try? await connection.request("GET", "/readyz").answer
            if answer?.status == 200, try await !queue.machines().isEmpty, try await !queue.hosts().isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw BenchError("qwd is not ready after a minute")
    }

    /// All processes of the service without those of its sessions.
    var roles: [pid_t] {
        workspace.processes().filter { pid in
            let line = ProcessMeter.commandLine(pid)
            return !line.contains("qemu-system") && !line.hasPrefix("passt ") && !line.contains("/passt ")
        }
    }

    /// Ends the service. What outlives it by design, its display gateway, ends with the workspace.
    func stop() async {
        await redis.close()
        await process.end()
        for pid in workspace.processes(with: runtime) { _ = await ProcessHandle(pid: pid, mark: runtime)?.kill() }
    }
}
