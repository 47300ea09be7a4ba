package import Domain
package import Logging
import Processes

/// Displays by websockify: one gateway a host that serves noVNC and knows every session by its token, and one more for
/// each one-shot session, which ends with its first viewer. Gateways outlive the worker, so no viewer notices its restart.
package actor WebsockifyBridge: DisplayBridge {
    package nonisolated let baseURL: String
    package private(set) var problem: String? = "The display gateway is being started."
    private let paths: HostPaths
    private let host: String
    private let port: Int
    private let web: String
    private let certificate: Websockify.Certificate?
    private let logger: Logger

    /// - Parameters:
    ///   - port: Port of the host's common gateway.
    ///   - web: Directory with noVNC's `vnc.html`.
    ///   - certificate, key: Files in PEM for TLS; nil for none.
    package init(
        paths: HostPaths, host: String, port: Int, publicURL: String, web: String, certificate: String? = nil,
        key: String? = nil, logger: Logger
    ) {
        self.certificate = certificate.flatMap { chain in key.map { .init(chain: chain, key: $0) } }
        self.paths = paths
        self.host = host
        self.port = port
        self.web = web
        self.logger = logger
        baseURL =
            publicURL.isEmpty
            ? "\(certificate == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            : publicURL
    }

    package func open(_ session: SessionID, token: String, oneShot: Bool) async throws(MachineError) -> Int? {
        let files = paths.session(session)
        guard oneShot else {
            try link(token, to: files.vnc, in: paths.tokens)
            return nil
        }
        try link(token, to: files.vnc, in: files.tokens)
        let listener = try MachineError.translating { () throws(ProcessError) in try TCPListener(host: host, port: 0) }
        _ = try await Websockify.start(
            listener, tokens: files.tokens, web: nil, once: true, certificate: certificate,
            pidFile: files.gatewayPID)
        return listener.port
    }

    package func isOpen(_ session: SessionID, oneShot: Bool) -> Bool {
        let files = paths.session(session)
        guard oneShot else { return true }
        return ProcessHandle(pidFile: files.gatewayPID, mark: Websockify.mark(files.tokens)) != nil
    }

    package func close(_ session: SessionID, fence: Int) async {
        let files = paths.session(session)
        guard FenceFile.read(files) <= fence else { return }
        for token in Files.names(in: paths.tokens) where Files.target(of: "\(paths.tokens)/\(token)") == files.vnc {
            Files.remove("\(paths.tokens)/\(token)")
        }
        if let gateway = ProcessHandle(pidFile: files.gatewayPID, mark: Websockify.mark(files.tokens)) {
            _ = await gateway.kill()
        }
        Files.remove(files.gateway)
    }

    package func closeAll(but living: Set<SessionID>) async {
        let sockets = Set(living.map { paths.session($0).vnc })
        for token in Files.names(in: paths.tokens)
        where Files.target(of: "\(paths.tokens)/\(token)").map(sockets.contains) != true {
            Files.remove("\(paths.tokens)/\(token)")
        }
        for session in Files.names(in: paths.gateways).compactMap({ SessionID($0) }) where !living.contains(session) {
            await close(session, fence: Int.max)
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
                            .display, "websockify ended as soon as it was started. Try: websockify --help")
                    }
                    logger.warning(
                        "display gateway ended, starting another", metadata: ["websockify.pid": "\(gateway.pid)"])
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
        "\(host):\(port) \(web) \(certificate?.chain ?? "-") \(certificate?.key ?? "-")"
    }

    private func adoptOrStart() async throws(MachineError) -> ProcessHandle {
        guard Files.read("\(web)/vnc.html") != nil else {
            throw MachineError(
                .display, "There is no noVNC in \(web). Install it (apt-get install novnc) or set display.novnc.")
        }
        try MachineError.translating { () throws(ProcessError) in try Files.makeDirectory(paths.tokens) }
        let mark = Websockify.mark(paths.tokens)
        if let gateway = ProcessHandle(pidFile: paths.gatewayPID, mark: mark) {
            if (Files.read(paths.gatewaySetup) ?? setup) == setup { return gateway }
            logger.notice("display gateway has another configuration, starting another")
            await endAll(mark)
        }
        // A worker that was killed before it wrote the gateway's process id left it behind.
        let left = ProcessHandle.all(mark: mark)
        if Files.read(paths.gatewaySetup) == setup, let gateway = left.first(where: { $0.leadsSession }) {
            return gateway
        }
        // Or a gateway is gone, and its viewers' processes keep its socket, on which none of them will ever look.
        if !left.isEmpty { await endAll(mark) }
        let listener: TCPListener
        do {
            listener = try TCPListener(host: host, port: port)
        } catch {
            throw MachineError(.display, "\(error.detail) Free it or set display.listen.", cause: error)
        }
        try MachineError.translating { () throws(ProcessError) in try Files.write(setup, to: paths.gatewaySetup) }
        return try await Websockify.start(
            listener, tokens: paths.tokens, web: web, once: false, certificate: certificate, pidFile: paths.gatewayPID)
    }

    /// Ends a gateway and the process of each of its viewers, who may connect again.
    private func endAll(_ mark: String) async {
        for process in ProcessHandle.all(mark: mark) { _ = await process.kill() }
    }

    private func link(_ token: String, to socket: String, in directory: String) throws(MachineError) {
        try MachineError.translating { () throws(ProcessError) in
            try Files.makeDirectory(directory)
            try Files.link("\(directory)/\(token)", to: socket)
        }
    }
}
