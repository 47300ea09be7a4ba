extension Settings {
    package struct Worker: Sendable, Equatable {
        package enum Hypervisor: String, Sendable, CaseIterable { case qemu, simulated }
        package enum Accelerator: String, Sendable, CaseIterable { case auto, kvm, tcg }

        /// The name of this host for the queue and for people.
        package var name = "localhost"
        package var concurrentJobs = 4
        /// Processors promised for each one there is.
        package var cpuOvercommit = 4.0
        package var memoryReserveMiB = 1024
        /// GiB promised for each one of the disk: few sessions write all that they may.
        package var diskOvercommit = 10.0
        package var diskReserveMiB = 2048
        package var hypervisor = Hypervisor.qemu
        package var accelerator = Accelerator.auto
        package var tags: [String] = []
        /// Numbers of users for machines and their helpers, where the worker is root.
        package var users = UserNumbers(first: 200_000, last: 265_535)
        /// Longest wait for a guest's own power-down. Zero skips the request.
        package var stopGrace = Duration.seconds(3)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "worker.name", \.worker.name, .name, default: .derived("the host's name") { $1.hostName },
                "What people call this host."),
            SettingsKey(
                "worker.concurrent_jobs", \.worker.concurrentJobs, .integer(1...64),
                "Jobs (starts, stops) this worker does at one time."),
            SettingsKey(
                "worker.cpu_overcommit", \.worker.cpuOvercommit, .number(0.1...100),
                "Processors promised to sessions for each processor of the host."),
            SettingsKey(
                "worker.memory_reserve_gib", \.worker.memoryReserveMiB, .gibibytes(0...4096),
                "Memory of the host, in GiB, that no session gets."),
            SettingsKey(
                "worker.disk_overcommit", \.worker.diskOvercommit, .number(0...1000),
                "Disk promised to sessions for each GiB of the file system that has their disks. 0: not counted."),
            SettingsKey(
                "worker.disk_reserve_gib", \.worker.diskReserveMiB, .gibibytes(0...4096),
                "Free disk, in GiB, below which the host takes no new session."),
            SettingsKey(
                "worker.hypervisor", \.worker.hypervisor, .choice,
                "What runs machines. `simulated` runs none: for trying out and for load tests."),
            SettingsKey(
                "worker.accelerator", \.worker.accelerator, .choice,
                "`auto` takes KVM where it really runs guests, else the slow TCG."),
            SettingsKey(
                "worker.tags", \.worker.tags, .list(of: .name),
                "Labels of this host, for which `qwd start --tag` asks."),
            SettingsKey(
                "worker.users", \.worker.users, .userNumbers,
                "Numbers of users, `first-last`, of which each machine gets one where the worker runs as root. No account of the host may have one of them."
            ),
            SettingsKey(
                "worker.stop_grace", \.worker.stopGrace, .duration(.zero ... .seconds(3600)),
                "How long a guest may take to power down before it is ended by force. 0: no waiting."),
        ]
    }
}

/// A range of user ids.
package struct UserNumbers: Sendable, Equatable {
    package var first: UInt32
    package var last: UInt32
}
