package import Domain
package import Queue

/// What a worker needs to know of the configuration.
package struct WorkerOptions: Sendable {
    /// Id of the host in the queue. One worker process may have it at a time.
    package var hostID: String
    /// Where the worker acts for it.
    package var place: HostPlace
    /// What people call the host.
    package var host: String
    /// Labels that a request may ask for.
    package var tags: [String]
    /// Create jobs that run at one time.
    package var concurrentJobs: Int
    package var cpuOvercommit: Double
    package var memoryReserveMiB: Int
    package var diskOvercommit: Double
    /// Free disk below which no session is taken.
    package var diskReserveMiB: Int
    /// How long the guest has to power off when its session is stopped.
    package var stopGrace: Duration
    /// How long a job stays with a silent worker.
    package var lease: Duration
    package var limits: Limits
    package var version: String
    /// Which boot scripts sessions get.
    package var scripts = BootScriptSources()
    /// Which directories of this host they get.
    package var folders = FolderSources()
    package var exchange = ExchangeOptions()

    package init(
        hostID: String, place: HostPlace, host: String, tags: [String] = [], concurrentJobs: Int, cpuOvercommit: Double,
        memoryReserveMiB: Int, diskOvercommit: Double = 10, diskReserveMiB: Int = 2048, stopGrace: Duration,
        lease: Duration, limits: Limits, version: String
    ) {
        self.hostID = hostID
        self.place = place
        self.host = host
        self.tags = tags
        self.concurrentJobs = concurrentJobs
        self.cpuOvercommit = cpuOvercommit
        self.memoryReserveMiB = memoryReserveMiB
        self.diskOvercommit = diskOvercommit
        self.diskReserveMiB = diskReserveMiB
        self.stopGrace = stopGrace
        self.lease = lease
        self.limits = limits
        self.version = version
    }
}
