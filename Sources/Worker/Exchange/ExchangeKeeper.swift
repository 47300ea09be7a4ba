import Catalogue
import Display
import Domain
import FileDoor
import Hypervisor
import Logging
import Machines
import Processes
import Secrets

/// Looks after the exchange folders of this host: who has a folder's token finds its door, a folder that is full does not grow, and
/// what is left of a session is removed when its time is over. All that it knows it finds in the folders again.
actor ExchangeKeeper {
    private let paths: HostPaths
    private let bridge: any DisplayBridge
    private let hypervisor: any Hypervisor
    private let secret: ServiceSecret
    private let options: ExchangeOptions
    private let logger: Logger
    /// Each waits at its folder's door.
    private var doors: [SessionID: Task<Void, Never>] = [:]
    /// What their guests may do there, where that is known: a worker of before may have seen to it.
    private var growth: [SessionID: ExchangeGrowth] = [:]
    /// Files of one folder that are looked after; each takes some microseconds of each second.
    private static let mostEntries = 50_000
    /// A door that lived for less is one that can't work here.
    private static let shortestLife = Duration.milliseconds(500)
    /// Folders may have thousands of files.
    private let threads = FileThreads(width: 1)

    init(
        paths: HostPaths, bridge: any DisplayBridge, hypervisor: any Hypervisor, secret: ServiceSecret,
        options: ExchangeOptions, logger: Logger
    ) {
        self.paths = paths
        self.bridge = bridge
        self.hypervisor = hypervisor
        self.secret = secret
        self.options = options
        self.logger = logger
    }

    /// Looks after all, until cancelled.
    func run() async {
        for id in sessions { await open(id) }
        while !Task.isCancelled {
            // Neither a guest's writing nor the passing of time is an event that could be waited for.
            try? await Task.sleep(for: .seconds(1))
            for id in sessions where !Task.isCancelled { await look(at: id) }
        }
        for door in doors.values { door.cancel() }
        // Nobody starts a door any more. A gateway that has nothing else to show ends with us.
        for id in sessions where Files.exists(paths.exchange(id).ended) {
            await bridge.withdraw(token: secret.fileToken(session: id))
        }
    }

    private var sessions: [SessionID] { Files.names(in: paths.exchanges).compactMap { SessionID($0) } }

    /// Lets the folder of a session that has just been made be reached.
    func openNew(_ id: SessionID) async {
        growth[id] = .free
        await open(id)
    }

    /// Lets the folder of a session be reached. Again changes nothing.
    private func open(_ id: SessionID) async {
        let exchange = paths.exchange(id)
        guard doors[id] == nil, Files.isDirectory(exchange.files) else { return }
        do throws(MachineError) {
            let listener = try MachineError.translating { () throws(ProcessError) in
                try Files.makeDirectory(paths.exchangeSockets)
                return try UnixSocket.listen(at: exchange.socket)
            }
            doors[id] = Task { await self.attend(id, listener) }
            try await bridge.publish(socket: exchange.socket, token: secret.fileToken(session: id))
        } catch {
            logger.error("no door to an exchange folder", metadata: ["session.id": "\(id)", "error": "\(error)"])
        }
    }

    /// Starts a door whenever somebody comes and none is there.
    private func attend(_ id: SessionID, _ listener: Descriptor) async {
        let exchange = paths.exchange(id)
        while await listener.isReadable(), !Task.isCancelled {
            let owner = Files.owner(of: exchange.files)
            var program = Program.shutIn(
                Program.ourselves,
                [
                    "file-door", "--session", id.text, "--bytes", "\(options.bytes ?? 0)", "--reserve",
                    "\(options.diskReserve)", "/exchange",
                ], account: options.isRoot ? owner.map { Account(userID: $0) } : nil)
            program.sandbox?.writable = [Sandbox.Mount(exchange.files, at: "/exchange")]
            do throws(ProcessError) {
                let start = ContinuousClock.now
                let door = try await DetachedProcess.start(program, standardInput: listener, log: exchange.log)
                _ = await door.waitForEnd()
                if ContinuousClock.now - start < Self.shortestLife, !Task.isCancelled {
                    throw ProcessError(.ended, "The door ended as soon as it was started.")
                }
            } catch {
                logger.error("no door to an exchange folder", metadata: ["session.id": "\(id)", "error": "\(error)"])
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// The session is over: an empty folder goes at once, another one when its time is over.
    func sessionEnded(_ id: SessionID) async {
        let exchange = paths.exchange(id)
        // A claim that came too late frees nothing of a newer one, whose disk is there.
        guard Files.isDirectory(exchange.directory), !Files.isDirectory(paths.session(id).disk) else { return }
        growth[id] = nil
        if Files.names(in: exchange.files).isEmpty { return await remove(id) }
        if Files.exists(exchange.ended) { return }
        try? Files.write("", to: exchange.ended)
    }

    private func look(at id: SessionID) async {
        let exchange = paths.exchange(id)
        if let age = Files.age(of: exchange.ended) {
            if age >= options.kept { await remove(id) }
            return
        }
        // Its worker was killed before it could say so.
        if !Files.isDirectory(paths.session(id).disk) { return await sessionEnded(id) }
        guard let bytes = options.bytes else { return }
        let path = exchange.files
        let found = await threads.result(within: .seconds(10)) {
            ExchangeDirectory(path)?.content(most: Self.mostEntries)
        }
        guard let content = found ?? nil else { return }
        let now: ExchangeGrowth =
            content.entries > Self.mostEntries ? .stopped : content.used >= bytes || content.hasMore ? .full : .free
        guard growth[id] != now else { return }
        let before = growth.updateValue(now, forKey: id)
        await hypervisor.limitExchange(id, to: now, bytes: bytes)
        if before == nil, now == .free { return }
        logger.notice(
            "exchange folder \(now == .free ? "has room again" : now == .full ? "is full" : "has too many files")",
            metadata: ["session.id": "\(id)"])
    }

    private func remove(_ id: SessionID) async {
        await bridge.withdraw(token: secret.fileToken(session: id))
        doors.removeValue(forKey: id)?.cancel()
        for door in ProcessHandle.all(mark: "file-door --session \(id) ") { _ = await door.kill() }
        Files.remove(paths.exchange(id).socket)
        Files.remove(paths.exchange(id).directory)
    }
}

/// What a worker needs to know of exchange folders.
package struct ExchangeOptions: Sendable {
    /// What one may have; nil for none.
    package var bytes: Int?
    /// How long one is there after its session.
    package var kept: Duration
    /// Bytes of the disk that stay free.
    package var diskReserve: Int
    /// Whether programs can be started as others: only root can.
    package var isRoot: Bool

    package init(bytes: Int? = nil, kept: Duration = .zero, diskReserve: Int = 0, isRoot: Bool = false) {
        self.bytes = bytes
        self.kept = kept
        self.diskReserve = diskReserve
        self.isRoot = isRoot
    }
}
