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
    /// Why a folder can't be reached, as it was logged.
    private var doorProblems: [SessionID: String] = [:]
    /// What their guests may do there, where that is known: a worker of before may have seen to it.
    private var growth: [SessionID: ExchangeGrowth] = [:]
    /// When a folder is looked at again: one of many files takes no more than a tenth of a processor.
    private var nextLook: [SessionID: ContinuousClock.Instant] = [:]
    /// A door that lived for less is one that can't work here.
    private static let shortestLife = Duration.milliseconds(500)
    /// Folders may have thousands of files.
    private let threads = FileThreads(width: 4)

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
        await withDiscardingTaskGroup { group in
            group.addTask { await ExchangeRemoval(directory: self.paths.exchanges, logger: self.logger).run() }
            await lookAfterAll()
            group.cancelAll()
        }
        for door in doors.values { door.cancel() }
        // Nobody starts a door any more. A gateway that has nothing else to show ends with us.
        for id in sessions where Files.exists(paths.exchange(id).ended) {
            await bridge.withdraw(token: secret.fileToken(session: id))
        }
    }

    private func lookAfterAll() async {
        while !Task.isCancelled {
            for id in sessions where !Task.isCancelled { await look(at: id) }
            await makeRoom()
            // Neither a guest's writing nor the passing of time is an event that could be waited for.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private var sessions: [SessionID] { Files.names(in: paths.exchanges).compactMap { SessionID($0) } }

    /// Lets the folder of a session that has just been made be reached.
    func openNew(_ id: SessionID) async {
        growth[id] = .free
        await open(id)
    }

    /// Lets the folder of a session be reached. Again changes nothing, or tries what went wrong.
    private func open(_ id: SessionID) async {
        let exchange = paths.exchange(id)
        guard doors[id] == nil, Files.isDirectory(exchange.files) else { return }
        do throws(MachineError) {
            let listener = try MachineError.translating { () throws(ProcessError) in
                try Files.makeDirectory(paths.exchangeSockets)
                return try UnixSocket.listen(at: exchange.socket)
            }
            let door = Task { await self.attend(id, listener) }
            doors[id] = door
            do throws(MachineError) {
                try await bridge.publish(socket: exchange.socket, token: secret.fileToken(session: id))
                doorProblems[id] = nil
            } catch {
                door.cancel()
                doors[id] = nil
                throw error
            }
        } catch {
            if doorProblems.updateValue("\(error)", forKey: id) == "\(error)" { return }
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
        (growth[id], nextLook[id]) = (nil, nil)
        // Nobody is shown them, or goes on with them.
        ExchangeDirectory(exchange.files)?.forgetParts(all: true)
        if Files.names(in: exchange.files).isEmpty { return await remove(id) }
        if Files.exists(exchange.ended) { return }
        try? Files.write("", to: exchange.ended)
    }

    private func look(at id: SessionID) async {
        let exchange = paths.exchange(id)
        if let age = Files.age(of: exchange.ended) {
            return age >= options.kept ? await remove(id) : await open(id)
        }
        // Its worker was killed before it could say so.
        if !Files.isDirectory(paths.session(id).disk) { return await sessionEnded(id) }
        await open(id)
        if let next = nextLook[id], next > .now { return }
        guard let bytes = options.bytes else { return }
        let (path, start) = (exchange.files, ContinuousClock.now)
        let found = await threads.result(within: .seconds(10)) { ExchangeDirectory(path)?.usage }
        let unnamed = await hypervisor.unnamedExchangeBytes(id)
        nextLook[id] = ContinuousClock.now + start.duration(to: .now) * 10
        // Of what can't be looked at nothing is known: it does not grow.
        let usage = found ?? nil
        let isFull = usage.map { $0.bytes + unnamed >= bytes } ?? true || isDiskFull
        let now: ExchangeGrowth = usage?.isBeyond == true ? .stopped : isFull ? .full : .free
        // A machine that stands still may have been let go on by somebody else.
        guard now == .stopped || growth[id] != now, await hypervisor.limitExchange(id, to: now, bytes: bytes) else {
            return
        }
        let before = growth.updateValue(now, forKey: id)
        if before == now || before == nil && now == .free { return }
        logger.notice(
            "exchange folder \(now == .free ? "has room again" : now == .full ? "is full" : "has too many files")",
            metadata: ["session.id": "\(id)"])
    }

    private var isDiskFull: Bool { (Files.space(of: paths.exchanges)?.free ?? .max) < options.diskReserve }

    /// Where the disk is nearly full, what was kept for longest after its session goes before its time: machines that run need the
    /// room more.
    private func makeRoom() async {
        // One after the other: what is being removed may be room enough.
        guard isDiskFull, !Files.names(in: paths.exchanges).contains(where: { $0.hasPrefix(HostPaths.removed) }) else {
            return
        }
        let kept = sessions.compactMap { id in Files.age(of: paths.exchange(id).ended).map { (id, $0) } }
        guard let (oldest, _) = kept.max(by: { $0.1 < $1.1 }) else { return }
        logger.warning(
            "the disk is nearly full, an exchange folder goes before its time", metadata: ["session.id": "\(oldest)"])
        await remove(oldest)
    }

    private func remove(_ id: SessionID) async {
        let exchange = paths.exchange(id)
        // At once, so that what a newer claim makes from now on is not taken for it.
        guard ExchangeRemoval.take(exchange.directory) else { return }
        doors.removeValue(forKey: id)?.cancel()
        Files.remove(exchange.socket)
        for door in ProcessHandle.all(mark: "file-door --session \(id) ") { _ = await door.kill() }
        await bridge.withdraw(token: secret.fileToken(session: id))
        // A newer claim's was published before that: it is opened anew.
        doors.removeValue(forKey: id)?.cancel()
        (growth[id], nextLook[id], doorProblems[id]) = (nil, nil, nil)
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
