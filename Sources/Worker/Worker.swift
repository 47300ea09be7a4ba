package import Catalogue
package import Display
import Domain
package import Hypervisor
package import Logging
package import Machines
import Processes
package import Queue
package import Secrets
import ServiceLifecycle

/// Takes jobs that fit this host and does them: makes machines run, ends them, tells how the host is.
///
/// It keeps nothing that matters in memory. Killed at any moment and started again it finds its machines by their run
/// directories, asks the queue what should be, and makes both agree.
package struct Worker: Service {
    let queue: JobQueue
    let hypervisor: any Hypervisor
    let bridge: any DisplayBridge
    let secret: ServiceSecret
    let paths: HostPaths
    let catalogue: @Sendable () async -> Catalogue
    /// Gets images that this host lacks; nil where there is no store.
    let fetcher: ImageFetcher?
    let options: WorkerOptions
    let logger: Logger
    let table = JobTable()
    let meter: HostReport
    let readyTimes: ReadyTimes
    let exchanges: ExchangeKeeper

    /// - Parameter catalogue: The machines that this host can start, as they are at the moment. It must come back soon, also
    ///   when a disk hangs.
    package init(
        queue: JobQueue, hypervisor: any Hypervisor, bridge: any DisplayBridge, secret: ServiceSecret,
        paths: HostPaths, catalogue: @escaping @Sendable () async -> Catalogue, fetcher: ImageFetcher? = nil,
        options: WorkerOptions,
        logger: Logger
    ) {
        self.fetcher = fetcher
        self.queue = queue
        self.hypervisor = hypervisor
        self.bridge = bridge
        self.secret = secret
        self.paths = paths
        self.catalogue = catalogue
        self.options = options
        meter = HostReport(disk: paths.disks)
        exchanges = ExchangeKeeper(
            paths: paths, bridge: bridge, hypervisor: hypervisor, secret: secret, options: options.exchange,
            logger: logger)
        readyTimes = ReadyTimes(file: paths.readyTimes)
        var logger = logger
        logger[metadataKey: "host.name"] = "\(options.host)"
        self.logger = logger
    }

    package func run() async throws {
        try Files.makeOwnDirectory(paths.runtime)
        try Files.makeOwnDirectory(paths.state)
        try Files.makeDirectory(paths.sessions)
        try Files.makeDirectory(paths.disks)
        let lock = try DirectoryLock(
            paths.workerLocks, owner: "worker",
            advice: "give this one its own worker.name, runtime_dir and state_dir")
        defer { lock.release() }
        try await cancelWhenGracefulShutdown { try await arrive() }
        // Whoever is asked to end before its host was its own has nothing to end.
        if Task.isCancelled || Task.isShuttingDownGracefully { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await hypervisor.run() }
            group.addTask { await bridge.run() }
            await adopt()
            logger.notice("worker takes jobs")
            group.addTask { await followMachines() }
            group.addTask { await followDisplays() }
            group.addTask { await beat() }
            group.addTask { await tend() }
            group.addTask { await watchDisk() }
            group.addTask { await keepOffering() }
            group.addTask { await freeLeftovers() }
            group.addTask { await exchanges.run() }
            await takeJobs()
            group.cancelAll()
        }
        // Should Redis be away, the next one waits until this one is silent for long enough.
        try? await queue.leave(options.hostID, lease: options.lease)
    }
}
