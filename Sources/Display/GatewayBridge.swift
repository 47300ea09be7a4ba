import Certificates
package import Domain
import Glibc
package import Logging
package import Machines
import Processes

/// Displays by a gateway of ours: one a host, which knows every session by its token. It outlives the worker, so no viewer
/// notices a restart.
package actor GatewayBridge: DisplayBridge {
    package nonisolated let baseURL: String
    package nonisolated let events: AsyncStream<DisplayEvent>
    package private(set) var problem: String? = "The display gateway is being started."
    let paths: HostPaths
    private let host: String
    private let port: Int
    private let program: GatewayProgram
    let logger: Logger
    /// How long a one-shot session waits for a viewer who has left.
    let grace: Duration
    var watch = ViewerWatch()
    /// Tokens of what is no display.
    private var others: Set<String> = []
    nonisolated let report: AsyncStream<DisplayEvent>.Continuation
    nonisolated let departures: AsyncStream<ViewerWatch.Departure>
    nonisolated let departed: AsyncStream<ViewerWatch.Departure>.Continuation
    /// Why the certificate that there is now was not taken, in the words that were logged.
    private var refusal: String?

    /// - Parameters:
    ///   - host, port: Where it listens.
    ///   - publicURL: Where viewers reach it; empty for where it listens.
    ///   - oneShotGrace: How long a one-shot session waits for a viewer who has left.
    package init(
        paths: HostPaths, host: String, port: Int, publicURL: String, program: GatewayProgram,
        oneShotGrace: Duration = .seconds(15), logger: Logger
    ) {
        self.paths = paths
        self.host = host
        self.port = port
        self.program = program
        grace = oneShotGrace
        (events, report) = AsyncStream.makeStream()
        (departures, departed) = AsyncStream.makeStream()
        self.logger = logger
        baseURL =
            publicURL.isEmpty
            ? "\(program.certificate == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            : publicURL
    }

    package func publish(_ machine: MachineRef, token: String, oneShot: Bool) async throws(MachineError) {
        let files = paths.session(machine.session)
        try FenceFile.check(files, machine.fence)
        try MachineError.translating { () throws(ProcessError) in
            try makeTokens()
            // First the note, so that a token that is there is always known.
            try Files.write(token, to: files.token)
            try Files.link("\(paths.tokens)/\(token)", toSocket: files.vnc, for: program.account?.userID)
        }
        let hadViewer = Files.read(files.viewed) != nil
        waitFor(watch.publish(token, machine, oneShot: oneShot, hadViewer: hadViewer))
    }

    package func publish(socket: String, token: String) async throws(MachineError) {
        try MachineError.translating { () throws(ProcessError) in
            try makeTokens()
            // One of before leads to a socket at which nobody listens.
            Files.remove("\(paths.tokens)/\(token)")
            try Files.link("\(paths.tokens)/\(token)", toSocket: socket, for: program.account?.userID)
        }
        others.insert(token)
    }

    package func withdraw(token: String) {
        Files.remove("\(paths.tokens)/\(token)")
        others.remove(token)
        watch.withdraw(token)
    }

    package func withdraw(_ machine: MachineRef) async {
        let files = paths.session(machine.session)
        guard FenceFile.read(files) <= machine.fence, let token = Files.read(files.token) else { return }
        withdraw(token: token)
    }

    package func withdrawAll(but living: Set<SessionID>) async {
        let kept = Set(living.compactMap { Files.read(paths.session($0).token) }).union(others)
        for token in Files.names(in: paths.tokens) where !kept.contains(token) { withdraw(token: token) }
    }

    /// The gateway may open what it knows the name of, and list nothing.
    private func makeTokens() throws(ProcessError) {
        try Files.makeDirectory(paths.tokens)
        if let account = program.account { try Files.give(paths.tokens, toGroup: account.userID, mode: 0o710) }
    }

    /// Gives the gateway, which may not read ours, a copy of the certificate and its key. It keeps those of before while the new
    /// ones can't be used: tools that renew them write one after the other.
    /// - Throws: Why they can't be used, if there are none of before.
    func copyCertificate() throws(ProcessError) {
        guard let files = program.certificate else { return }
        let copies = GatewayProgram.copies(in: paths.gatewayCertificates)
        try Files.makeDirectory(paths.gatewayCertificates)
        if let account = program.account {
            try Files.give(paths.gatewayCertificates, toGroup: account.userID, mode: 0o750)
        }
        do throws(ProcessError) {
            try copy(files, to: copies)
            refusal = nil
        } catch {
            guard Files.read(copies.chain) != nil, Files.read(copies.key) != nil else { throw error }
            if refusal != error.detail {
                logger.error("certificate not taken, displays keep the old one", metadata: ["error": "\(error)"])
            }
            refusal = error.detail
        }
    }

    /// Copies both files together if one of them is not what the copy is.
    private func copy(_ files: CertificateFiles, to copies: CertificateFiles) throws(ProcessError) {
        var texts: [String] = []
        for file in [files.chain, files.key] {
            guard let text = Files.read(file) else { throw ProcessError(.system, "Can't read \(file).") }
            texts.append(text)
        }
        if texts == [copies.chain, copies.key].compactMap(Files.read) { return }
        let new = CertificateFiles(chain: "\(copies.chain).new", key: "\(copies.key).new")
        defer { for file in [new.chain, new.key] { Files.remove(file) } }
        try Files.write(texts[0], to: new.chain)
        try Files.write(texts[1], to: new.key)
        // The files themselves may change at any moment; what is looked at here is what is taken.
        do throws(CertificateError) {
            _ = try new.context(protocols: [])
        } catch {
            var error = error
            error.files = files
            throw ProcessError(.system, "\(error)")
        }
        for (file, copy) in [(new.key, copies.key), (new.chain, copies.chain)] {
            if let account = program.account { try Files.give(file, toGroup: account.userID, mode: 0o440) }
            guard rename(file, copy) == 0 else {
                throw ProcessError(.system, "Can't write \(copy): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// A gateway that lived for less is one that can't work here: to start it again at once would only keep us busy.
    private static let shortestLife = Duration.milliseconds(500)
    /// How often a renewed certificate is looked for. Certificates are renewed days before they end.
    private static let certificateCheck = Duration.seconds(10)

    /// Keeps the common gateway alive. While it can't be, `problem` says why. It outlives us as long as it has a display to
    /// show.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.endGraces() }
            await keepAlive()
            group.cancelAll()
        }
        // What is no display has nobody behind it without us; who comes after us publishes it again.
        guard Set(Files.names(in: paths.tokens)).isSubset(of: others), let gateway = Self.gateway(paths) else { return }
        for token in others { withdraw(token: token) }
        _ = await gateway.kill()
    }

    /// Whether a host's gateway runs and has an address, whoever has started it.
    package static func isListening(_ host: String, _ port: Int, _ paths: HostPaths) -> Bool {
        gateway(paths) != nil && Files.read(paths.gatewaySetup)?.hasPrefix(setupAddress(host, port)) == true
    }

    /// How a setup begins.
    private static func setupAddress(_ host: String, _ port: Int) -> String { "\(host):\(port) " }

    private static func gateway(_ paths: HostPaths) -> ProcessHandle? {
        ProcessHandle(pidFile: paths.gatewayPID, mark: GatewayProgram.mark(paths.tokens))
    }

    private func keepAlive() async {
        while !Task.isCancelled {
            do throws(MachineError) {
                let start = ContinuousClock.now
                let gateway = try await adoptOrStart()
                problem = nil
                try await lookAfter(gateway)
                if Task.isCancelled { return }
                guard ContinuousClock.now - start > Self.shortestLife else {
                    throw MachineError(
                        .display, "The display gateway ended as soon as it was started. \(lastWords)")
                }
                logger.warning(
                    "display gateway ended, starting another", metadata: ["gateway.pid": "\(gateway.pid)"])
                problem = "The display gateway ended and is being started again."
            } catch {
                if problem != error.detail { logger.error("no display gateway", metadata: ["error": "\(error)"]) }
                problem = error.detail
                // There is no event for a port that is freed or a program that is installed: look again now and then.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// Follows the viewers of a gateway, until it ends or the task is cancelled.
    private func lookAfter(_ gateway: ProcessHandle) async throws(MachineError) {
        let viewers = Task { await self.followViewers() }
        defer { viewers.cancel() }
        while await !gateway.waitForEnd(limit: Self.certificateCheck), !Task.isCancelled {
            try MachineError.translating(copyCertificate)
        }
    }

    /// All that its command line and its socket depend on.
    private var setup: String {
        Self.setupAddress(host, port) + ([program.path] + program.arguments(paths)).joined(separator: " ")
    }

    /// Why it ended.
    private var lastWords: String {
        (Files.readEnd(paths.gatewayLog) ?? "").split(separator: "\n").last.map { String($0.suffix(500)) } ?? ""
    }

    private func adoptOrStart() async throws(MachineError) -> ProcessHandle {
        try MachineError.translating { () throws(ProcessError) in
            try makeTokens()
            try copyCertificate()
        }
        if let gateway = Self.gateway(paths) {
            if (Files.read(paths.gatewaySetup) ?? setup) == setup { return gateway }
            logger.notice("display gateway has another configuration, starting another")
            _ = await gateway.kill()
        }
        // A worker that was killed before it wrote the gateway's process id left it behind.
        if let gateway = ProcessHandle.find("qwd", mark: GatewayProgram.mark(paths.tokens)) {
            if Files.read(paths.gatewaySetup) == setup { return gateway }
            _ = await gateway.kill()
        }
        let listener: TCPListener
        do throws(ProcessError) {
            listener = try TCPListener(host: host, port: port)
        } catch {
            throw MachineError(.display, "\(error.detail) Free it or set display.listen.", cause: error)
        }
        let viewers: Descriptor
        do throws(ProcessError) {
            try Files.write(setup, to: paths.gatewaySetup)
            viewers = try UnixSocket.listen(at: paths.gatewayViewers)
        } catch {
            throw MachineError(error)
        }
        return try await program.start(listener, viewers: viewers, paths)
    }
}
