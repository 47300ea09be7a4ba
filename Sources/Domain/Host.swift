/// A host that runs machines: one `qwd:host:<host>` hash.
package struct Host: Sendable, Hashable, Identifiable {
    package var name: String
    /// What the worker measured at its last heartbeat.
    package var status: HostStatus
    package var cpusReserved: Int
    package var memoryReservedMiB: Int
    package var draining: Bool
    /// Last heartbeat, in milliseconds since the epoch by Redis' clock.
    package var seenAt: Int64
    /// Sessions that hold a part of this host.
    package var sessions: Int
    /// Whether its last heartbeat is young enough to believe in it.
    package var alive: Bool

    package var id: String { name }

    package init(
        name: String, status: HostStatus, cpusReserved: Int, memoryReservedMiB: Int, draining: Bool, seenAt: Int64,
        sessions: Int, alive: Bool
    ) {
        self.name = name
        self.status = status
        self.cpusReserved = cpusReserved
        self.memoryReservedMiB = memoryReservedMiB
        self.draining = draining
        self.seenAt = seenAt
        self.sessions = sessions
        self.alive = alive
    }
}

/// What a worker says about its host with every heartbeat.
package struct HostStatus: Sendable, Hashable {
    /// Processors of the host.
    package var cpus: Int
    /// Memory of the host.
    package var memoryMiB: Int
    /// Processors that may be promised: `cpus` times the configured overcommit.
    package var cpuCapacity: Int
    /// Memory that may be promised: all less the configured reserve. Never overcommitted.
    package var memoryCapacityMiB: Int
    /// Load average of the last minute, for people.
    package var load1: Double
    /// Share of the processors' time that was busy since the last heartbeat, 0...1. The load limit looks at this, because
    /// the load average follows a burst, and its end, only a minute later.
    package var cpuBusy: Double
    package var memoryAvailableMiB: Int
    /// Free space where overlays are written.
    package var diskFreeMiB: Int
    /// Changes with every start of the host's kernel.
    package var bootID: String
    package var accelerator: String
    /// What an administrator should know about this host, or empty: degraded parts with the way out.
    package var notice: String
    package var version: String
    /// Where viewers connect, for example `http://host:6080`.
    package var displayURL: String

    package init(
        cpus: Int, memoryMiB: Int, cpuCapacity: Int, memoryCapacityMiB: Int, load1: Double, cpuBusy: Double,
        memoryAvailableMiB: Int, diskFreeMiB: Int, bootID: String, accelerator: String, notice: String,
        version: String, displayURL: String
    ) {
        self.cpus = cpus
        self.memoryMiB = memoryMiB
        self.cpuCapacity = cpuCapacity
        self.memoryCapacityMiB = memoryCapacityMiB
        self.load1 = load1
        self.cpuBusy = cpuBusy
        self.memoryAvailableMiB = memoryAvailableMiB
        self.diskFreeMiB = diskFreeMiB
        self.bootID = bootID
        self.accelerator = accelerator
        self.notice = notice
        self.version = version
        self.displayURL = displayURL
    }
}

extension HostStatus {
    /// The fields of the hash with their values.
    package var fields: [(name: String, value: String)] {
        [
            ("cpus", "\(cpus)"), ("memory_mib", "\(memoryMiB)"), ("cpu_capacity", "\(cpuCapacity)"),
            ("memory_capacity_mib", "\(memoryCapacityMiB)"), ("load1", "\(load1)"), ("cpu_busy", "\(cpuBusy)"),
            ("memory_available_mib", "\(memoryAvailableMiB)"), ("disk_free_mib", "\(diskFreeMiB)"),
            ("boot_id", bootID), ("accelerator", accelerator), ("notice", notice), ("version", version),
            ("display_url", displayURL),
        ]
    }

    /// Reads the status back from its fields; what is missing counts as zero or empty.
    package init(fields: [String: String]) {
        func integer(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        func fraction(_ name: String) -> Double { fields[name].flatMap { Double($0) } ?? 0 }
        func text(_ name: String) -> String { fields[name] ?? "" }
        self.init(
            cpus: integer("cpus"), memoryMiB: integer("memory_mib"), cpuCapacity: integer("cpu_capacity"),
            memoryCapacityMiB: integer("memory_capacity_mib"), load1: fraction("load1"), cpuBusy: fraction("cpu_busy"),
            memoryAvailableMiB: integer("memory_available_mib"), diskFreeMiB: integer("disk_free_mib"),
            bootID: text("boot_id"), accelerator: text("accelerator"), notice: text("notice"),
            version: text("version"), displayURL: text("display_url"))
    }
}
