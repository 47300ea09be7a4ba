import Catalogue
import Certificates
import Display
import Domain
import Foundation
import Frontend
import GuestNetwork
import Hypervisor
import ImageStore
import Ledger
import Logging
import Machines
import Processes
import Queue
import Redis
import Scheduler
import Secrets
import ServiceLifecycle
import Settings
import UnixSignals
import Worker

/// Makes the roles' services from the configuration, and runs them together.
struct Roles {
    var settings: Settings
    let logger: Logger
    /// Nil: the one in the state directory.
    var secret: ServiceSecret?

    /// The secret that all roles of a farm share.
    static func secret(_ settings: Settings) throws(Failure) -> ServiceSecret {
        do {
            if let credential { return try ServiceSecret.credential(path: credential) }
            try Files.makeOwnDirectory(settings.stateDir)
            return try ServiceSecret.load(path: secretFile(settings))
        } catch {
            throw Failure(.failed, "\(error)")
        }
    }

    static func secretFile(_ settings: Settings) -> String { credential ?? "\(settings.stateDir)/secret" }

    /// The secret that the service has made or was given, for a command that must not make one.
    static func existingSecret(_ settings: Settings) throws(ServiceSecretError) -> ServiceSecret {
        if let credential { return try ServiceSecret.credential(path: credential) }
        return try ServiceSecret.existing(path: secretFile(settings))
    }

    /// The ledger, for who reads it: as a service of systemd the scheduler has a state directory of its own.
    static func ledgerFile(_ settings: Settings) -> String {
        let (own, units) = ("\(settings.stateDir)/ledger.sqlite", "\(settings.stateDir)/scheduler/ledger.sqlite")
        return !Files.exists(own) && Files.exists(units) ? units : own
    }

    /// Where systemd has put the secret for this service (LoadCredential=secret:FILE); nil if it has not.
    private static var credential: String? {
        ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { "\($0)/secret" }.flatMap {
            Files.exists($0) ? $0 : nil
        }
    }

    /// - Parameter onRunning: Called with the port once the pages can be opened.
    func frontend(
        _ queue: JobQueue, onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(Failure) -> Frontend {
        if let problem = settings.signInProblem { throw Failure(.badConfiguration, problem) }
        if settings.auth.methods == [.none] {
            logger.warning("auth.methods is none: whoever reaches this service may start and stop sessions")
        }
        let form = settings.form
        let defaults = settings.defaults
        let secret = try Self.secret(settings)
        let certificate = try certificate()
        var options = FrontendOptions(
            listenHost: settings.frontend.listen.host, listenPort: settings.frontend.listen.port,
            publicURL: settings.frontend.publicURL ?? "", noVNC: settings.display.noVNC,
            cpuChoices: form.cpu, memoryChoicesMiB: form.memoryMiB,
            lifetimeChoices: form.lifetime.map(\.wholeSeconds), defaultMachine: defaults.machine ?? "",
            defaultCPU: defaults.cpu, defaultMemoryMiB: defaults.memoryMiB, defaultDiskGiB: defaults.diskGiB,
            defaultLifetimeSeconds: defaults.lifetime.wholeSeconds, limits: Limits(settings),
            lease: settings.scheduler.lease, version: Version.text, proxies: settings.proxies,
            tls: certificate != nil, monitoring: settings.frontend.monitoring,
            connections: connectionLimits())
        options.folders = settings.mounts
        options.filesKept = settings.exchange.kept.wholeSeconds
        options.scriptsFromForm = settings.scripts.fromForm
        options.asksScriptPassword = settings.scripts.passwordSymbol
        options.longestScript = settings.scripts.maxLength
        return Frontend(
            queue: queue, secret: secret, options: options, dependencies: try dependencies(queue),
            post: try postOffice(),
            certificate: certificate, logger: logger, onRunning: onRunning)
    }

    private func connectionLimits() -> ConnectionLimits {
        let wanted = settings.frontend.connections
        let limits = ConnectionLimits(
            total: wanted, perAddress: settings.frontend.connectionsPerAddress,
            descriptors: DescriptorLimit.current.share)
        if limits.total < wanted {
            logger.warning(
                "Fewer connections than frontend.connections, because of the limit of descriptors",
                metadata: [
                    "frontend.connections": "\(wanted)", "http.connections": "\(limits.total)",
                    "advice": "raise LimitNOFILE of the unit, or ulimit -Hn",
                ])
        }
        return limits
    }

    func scheduler(_ queue: JobQueue) async throws(Failure) -> Scheduler {
        let writer: LedgerWriter
        let path = "\(settings.stateDir)/ledger.sqlite"
        do {
            try Files.makeOwnDirectory(settings.stateDir)
            let host = try HostIdentity.id(in: settings.stateDir)
            writer = try await ledgerWriter(path, name: host)
        } catch {
            throw Failure(.failed, "\(error)")
        }
        return Scheduler(
            queue: queue, name: "\(settings.worker.name)/\(UUID().uuidString.prefix(8).lowercased())",
            lease: settings.scheduler.lease, loadCheck: settings.scheduler.loadCheck,
            endedKept: settings.limits.endedKept,
            ledgerWriter: writer, logger: logger)
    }

    private func ledgerWriter(_ path: String, name: String) async throws(LedgerError) -> LedgerWriter {
        do throws(LedgerError) {
            return LedgerWriter(ledger: try await Ledger(path: path), name: name)
        } catch {
            guard error.code == .full else { throw error }
            // Sessions must end on a full disk, or there will never be room.
            logger.error("the ledger has no room, what is done waits in Redis", metadata: ["error": "\(error)"])
            return LedgerWriter(name: name) { () async throws(LedgerError) in try await Ledger(path: path) }
        }
    }

    /// One host of a simulated farm: it has a name, an id and directories of its own, and the service's secret.
    func simulatedHost(_ number: Int) throws -> Roles {
        var host = self
        host.secret = try Self.secret(settings)
        host.settings.worker.name = "\(settings.worker.name)-\(number)"
        host.settings.runtimeDir = "\(settings.runtimeDir)/hosts/\(number)"
        host.settings.stateDir = "\(settings.stateDir)/hosts/\(number)"
        return host
    }

    func worker(_ queue: JobQueue) async throws -> Worker {
        let paths = HostPaths(runtime: settings.runtimeDir, state: settings.stateDir)
        let secret = try secret ?? Self.secret(settings)
        let display = settings.display
        let hypervisor: any Hypervisor
        let bridge: any DisplayBridge
        switch settings.worker.hypervisor {
        case .simulated:
            hypervisor = SimulatedHypervisor()
            bridge = SimulatedBridge(baseURL: display.publicURL ?? "http://\(display.listen)")
        case .qemu:
            let users = users
            hypervisor = QEMUHypervisor(
                paths: paths, accelerator: try await accelerator(), users: users,
                network: GuestNetwork(paths: paths, options: guestNetwork, users: users, logger: logger),
                rate: DiskRate(
                    mebibytes: settings.limits.diskMebibytes, operations: settings.limits.diskOperations),
                cards: try settings.cards(), logger: logger)
            bridge = GatewayBridge(
                paths: paths, host: display.listen.host, port: display.listen.port,
                publicURL: display.publicURL ?? "", program: gateway(), oneShotGrace: display.oneShotGrace,
                logger: logger)
        }
        let store = settings.machines.store
        let directory = settings.machines.directory
        let reader = CatalogueReader(
            files: settings.machines.catalogue, directory: directory, hasStore: store != nil,
            isSessions: { QEMUHypervisor.mastersWritten(paths).contains($0) })
        let images = ImageStore(directory: directory, proxy: settings.machines.proxy ?? "")
        var workerOptions = WorkerOptions(
            hostID: try HostIdentity.id(in: settings.stateDir),
            place: HostIdentity.place(of: settings.stateDir), host: settings.worker.name,
            tags: settings.worker.tags, concurrentJobs: settings.worker.concurrentJobs,
            cpuOvercommit: settings.worker.cpuOvercommit, memoryReserveMiB: settings.worker.memoryReserveMiB,
            diskOvercommit: settings.worker.diskOvercommit, diskReserveMiB: settings.worker.diskReserveMiB,
            stopGrace: settings.worker.stopGrace, lease: settings.scheduler.lease, limits: Limits(settings),
            version: Version.text)
        workerOptions.scripts = BootScriptSources(
            always: settings.scripts.always, paths: settings.scripts.paths, urls: settings.scripts.urls,
            takesPasswords: settings.scripts.passwordSymbol, proxy: settings.machines.proxy ?? "",
            directory: settings.runtimeDir,
            mostBytes: settings.scripts.maxLength)
        workerOptions.folders = FolderSources(
            folders: settings.mounts, isRoot: geteuid() == 0,
            reserved: settings.worker.users.first...settings.worker.users.last)
        workerOptions.exchange = ExchangeOptions(
            bytes: settings.exchange.bytes, kept: settings.exchange.kept,
            diskReserve: settings.worker.diskReserveMiB << 20, isRoot: geteuid() == 0)
        return Worker(
            queue: queue, hypervisor: hypervisor, bridge: bridge, secret: secret, paths: paths,
            catalogue: { await reader.current(within: .seconds(3)) },
            fetcher: store.map { ImageFetcher(source: $0, images: images) },
            options: workerOptions,
            logger: logger)
    }

    /// Whom machines run as: only root can choose.
    var users: UserRange? {
        geteuid() == 0 ? UserRange(first: settings.worker.users.first, last: settings.worker.users.last) : nil
    }

    var guestNetwork: GuestNetwork.Options {
        var options = GuestNetwork.Options()
        options.isIsolated = settings.network.isolation == .namespace
        options.deny = settings.network.deny
        options.allow = settings.network.allow
        // Each takes one processor at least.
        options.sessions = Int(Double(HostMeter.processors) * settings.worker.cpuOvercommit)
        let megabits = settings.limits.networkMegabits
        options.rate = megabits > 0 ? NetworkRate(megabits: megabits, program: Program.ourselves) : nil
        return options
    }

    /// This program, as it carries displays.
    private func gateway() -> GatewayProgram {
        var program = GatewayProgram(
            path: Program.ourselves, origins: settings.displayOrigins,
            ownAddresses: settings.display.origins.isEmpty && settings.frontend.publicURL == nil,
            proxies: settings.proxies)
        program.account = users?.display
        if let chain = settings.tls.certificate, let key = settings.tls.key {
            program.certificate = CertificateFiles(chain: chain, key: key)
        }
        return program
    }

    /// Finds out what really accelerates machines here.
    func accelerator() async throws -> Accelerator {
        let report = try await AcceleratorProbe(cache: "\(settings.stateDir)/accelerator.json", logger: logger)
            .run(AcceleratorChoice(rawValue: settings.worker.accelerator.rawValue) ?? .auto)
        if report.accelerator == .tcg {
            logger.warning("machines run without KVM and are slow", metadata: ["reason": "\(report.reason)"])
        }
        return report.accelerator
    }

    /// Refuses a configuration with which a running service could not begin anew.
    /// - Parameter queue: Where there are pages: what they are made of is looked at too.
    func checkReload(from old: Settings, pages queue: JobQueue?) throws(Failure) {
        // Machines are found by what stands there.
        for (key, before, now) in [
            ("state_dir", old.stateDir, settings.stateDir), ("runtime_dir", old.runtimeDir, settings.runtimeDir),
        ] where before != now {
            throw Failure(
                .badConfiguration, "\(key) is another one: for that, stop all sessions and start the service.")
        }
        let problems = settings.placeProblems
        if !problems.isEmpty {
            throw Failure(.badConfiguration, problems.map { "\($0.key): \($0.text)" }.joined(separator: "\n"))
        }
        if let queue { _ = try frontend(queue) }
    }

    /// Runs services until SIGTERM or SIGINT; the last one given is asked to end first.
    /// - Parameter reload: Takes a changed configuration.
    /// - Throws: `BeginsAnew` if there is one.
    func run(_ services: [any Service], reload: ConfigurationReload) async throws {
        // At debug the group prints every service with all it holds.
        var groupLogger = logger
        groupLogger.logLevel = max(.notice, logger.logLevel)
        var configuration = ServiceGroupConfiguration(
            services: (services + [reload]).map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
        // A job that can't reach Redis any more must not keep the service from ending.
        configuration.maximumGracefulShutdownDuration = .seconds(25)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let taken as HostTaken {
            throw Failure(.badConfiguration, taken.description)
        } catch let error as FrontendStartError {
            throw Failure(.unavailable, error.description)
        }
        if reload.isDue { throw BeginsAnew() }
    }
}

extension Duration {
    var wholeSeconds: Int { Int(components.seconds) }
}
