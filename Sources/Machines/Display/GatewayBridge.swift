package import Domain
package import Logging
import Processes

/// Displays by a gateway of ours: one a host, which knows every session by its token. It outlives the worker, so no viewer
/// notices a restart.
package actor GatewayBridge: DisplayBridge {
    package nonisolated let baseURL: String
    package private(set) var problem: String? = "The display gateway is being started."
    private let paths: HostPaths
    private let host: String
    private let port: Int
    private let program: GatewayProgram
    private let logger: Logger

    /// - Parameters:
    ///   - host, port: Where it listens.
    ///   - publicURL: Where viewers reach it; empty for where it listens.
    package init(
        paths: HostPaths, host: String, port: Int, publicURL: String, program: GatewayProgram, logger: Logger
    ) {
        self.paths = paths
        self.host = host
        self.port = port
        self.program = program
        self.logger = logger
        baseURL =
            publicURL.isEmpty
            ? "\(program.certificate == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            : publicURL
    }

    package func open(_ session: SessionID, token: String) async throws(MachineError) {
        try MachineError.translating { () throws(ProcessError) in
            try Files.makeDirectory(paths.tokens)
            try Files.link("\(paths.tokens)/\(token)", to: paths.session(session).vnc)
        }
    }

    package func close(_ session: SessionID, fence: Int) async {
        let files = paths.session(session)
        guard FenceFile.read(files) <= fence else { return }
        for token in Files.names(in: paths.tokens) where Files.target(of: "\(paths.tokens)/\(token)") == files.vnc {
            Files.remove("\(paths.tokens)/\(token)")
        }
    }

    package func closeAll(but living: Set<SessionID>) async {
        let sockets = Set(living.map { paths.session($0).vnc })
        for token in Files.names(in: paths.tokens)
        where Files.target(of: "\(paths.tokens)/\(token)").map(sockets.contains) != true {
            Files.remove("\(paths.tokens)/\(token)")
        }
    }

    /// A gateway that lived for less is one that can't work here: to start it again at once would only keep us busy.
    private static let shortestLife = Duration.milliseconds(500)

    /// Keeps the common gateway alive. While it can't be, `problem` says why.
    package func run() async {
        while !Task.isCancelled {
            do throws(MachineError) {
                let start = ContinuousClock.now
                let gateway = try await adoptOrStart()
                problem = nil
                if await gateway.waitForEnd() {
                    guard ContinuousClock.now - start > Self.shortestLife else {
                        throw MachineError(
                            .display, "The display gateway ended as soon as it was started. \(lastWords)")
                    }
                    logger.warning(
                        "display gateway ended, starting another", metadata: ["gateway.pid": "\(gateway.pid)"])
                    problem = "The display gateway ended and is being started again."
                }
            } catch {
                if problem != error.detail { logger.error("no display gateway", metadata: ["error": "\(error)"]) }
                problem = error.detail
                // Nothing tells us when a port is freed or a program installed: look again now and then.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// All that its command line and its socket depend on.
    private var setup: String {
        (["\(host):\(port)", program.path] + program.arguments(tokens: paths.tokens)).joined(separator: " ")
    }

    /// Why it ended.
    private var lastWords: String {
        (Files.read(paths.gatewayLog) ?? "").split(separator: "\n").last.map { String($0.suffix(500)) } ?? ""
    }

    private func adoptOrStart() async throws(MachineError) -> ProcessHandle {
        try MachineError.translating { () throws(ProcessError) in try Files.makeDirectory(paths.tokens) }
        let mark = GatewayProgram.mark(paths.tokens)
        if let gateway = ProcessHandle(pidFile: paths.gatewayPID, mark: mark) {
            if (Files.read(paths.gatewaySetup) ?? setup) == setup { return gateway }
            logger.notice("display gateway has another configuration, starting another")
            _ = await gateway.kill()
        }
        // A worker that was killed before it wrote the gateway's process id left it behind.
        if let gateway = ProcessHandle.find(mark: mark) {
            if Files.read(paths.gatewaySetup) == setup { return gateway }
            _ = await gateway.kill()
        }
        let listener: TCPListener
        do {
            listener = try TCPListener(host: host, port: port)
        } catch {
            throw MachineError(.display, "\(error.detail) Free it or set display.listen.", cause: error)
        }
        try MachineError.translating { () throws(ProcessError) in try Files.write(setup, to: paths.gatewaySetup) }
        return try await program.start(
            listener, tokens: paths.tokens, pidFile: paths.gatewayPID, log: paths.gatewayLog)
    }
}
