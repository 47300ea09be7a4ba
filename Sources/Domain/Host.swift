/// A host that runs machines: one `qwd:host:<id>` hash.
package struct Host: Sendable, Hashable, Identifiable {
    /// Made once on the host itself; two hosts with one name stay two.
    package let id: String
    /// What the worker measured at its last heartbeat.
    package var status: HostStatus
    /// What is promised to sessions.
    package var reserved: Resources
    package var draining: Bool
    /// Last heartbeat, in milliseconds since the epoch.
    package var seenAt: Int64
    /// Sessions that hold a part of this host.
    package var sessions: Int
    /// Whether its last heartbeat is young enough to believe in it.
    package var alive: Bool

    /// What people call it.
    package var name: String { status.name }

    package init(
        id: String, status: HostStatus, reserved: Resources, draining: Bool, seenAt: Int64, sessions: Int, alive: Bool
    ) {
        self.id = id
        self.status = status
        self.reserved = reserved
        self.draining = draining
        self.seenAt = seenAt
        self.sessions = sessions
        self.alive = alive
    }
}

/// What a worker says about its host with every heartbeat.
package struct HostStatus: Sendable, Hashable {
    package var name: String
    /// Processors of the host.
    package var cpus: Int
    /// Memory of the host.
    package var memoryMiB: Int
    /// What may be promised: processors times their overcommit, memory less its reserve and never overcommitted, disk times
    /// its overcommit.
    package var capacity: Resources
    /// Why it takes no session for now, or nil.
    package var closure: HostClosure?
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
    /// Tells the worker that says it from every other one that has the same id.
    package var place = ""

    package init(
        name: String, cpus: Int, memoryMiB: Int, capacity: Resources, closure: HostClosure? = nil, load1: Double,
        cpuBusy: Double,
        memoryAvailableMiB: Int, diskFreeMiB: Int, bootID: String, accelerator: String, notice: String,
        version: String, displayURL: String
    ) {
        self.name = name
        self.cpus = cpus
        self.memoryMiB = memoryMiB
        self.capacity = capacity
        self.closure = closure
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
