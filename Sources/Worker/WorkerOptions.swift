package import Domain

/// What a worker needs to know of the configuration.
package struct WorkerOptions: Sendable {
    /// Name of the host in the queue. One worker process may have it at a time.
    package var host: String
    /// Create jobs that run at one time.
    package var concurrentJobs: Int
    package var cpuOvercommit: Double
    package var memoryReserveMiB: Int
    /// How long the guest has to power off when its session is stopped.
    package var stopGrace: Duration
    /// How long a job stays with a silent worker.
    package var lease: Duration
    package var limits: Limits
    package var version: String

    package init(
        host: String, concurrentJobs: Int, cpuOvercommit: Double, memoryReserveMiB: Int, stopGrace: Duration,
        lease: Duration, limits: Limits, version: String
    ) {
        self.host = host
        self.concurrentJobs = concurrentJobs
        self.cpuOvercommit = cpuOvercommit
        self.memoryReserveMiB = memoryReserveMiB
        self.stopGrace = stopGrace
        self.lease = lease
        self.limits = limits
        self.version = version
    }
}
