import Domain
import Glibc
import Processes

/// Measures this host from /proc.
package struct HostMeter {
    private var lastBusy = 0
    private var lastTotal = 0
    private var lastShare = 0.0
    private var lastLook: ContinuousClock.Instant?
    /// A share of less time than that says nothing: a moment is either busy or not.
    private static let shortestWindow = Duration.seconds(2)
    /// The file system's size and free space in bytes, when they could last be read.
    private(set) var space = (total: 0, free: 0)

    init() {}

    /// Takes what was found out about the disk, which may hang: not by who tells how the host is.
    mutating func note(space: (total: Int, free: Int)) { self.space = space }

    /// What the host is like now. The busy share is that of two seconds at least; the first one counts from the host's start.
    mutating func read(
        options: WorkerOptions, accelerator: String, displayURL: String, notice: String, hasProblem: Bool,
        graphicsCards: Int = 0
    ) -> HostStatus {
        let cpus = Self.processors
        let memory = Self.memory()
        let busy = busyShare()
        let closure: HostClosure? =
            if hasProblem {
                .problem
            } else if space.free >> 20 < options.diskReserveMiB {
                .disk
            } else {
                options.limits.load > 0 && busy > options.limits.load ? .load : nil
            }
        return HostStatus(
            name: options.host, cpus: cpus, memoryMiB: memory.total,
            capacity: Resources(
                cpu: Int(Double(cpus) * options.cpuOvercommit),
                memoryMiB: max(0, memory.total - options.memoryReserveMiB),
                diskGiB: options.diskOvercommit == 0
                    ? Self.uncountedGiB : Int(Double(space.total >> 20) / 1024 * options.diskOvercommit),
                gpu: graphicsCards),
            closure: closure, load1: Self.load1(), cpuBusy: busy, memoryAvailableMiB: memory.available,
            diskFreeMiB: space.free >> 20, bootID: Self.bootID(), accelerator: accelerator, notice: notice,
            version: options.version,
            displayURL: displayURL)
    }

    package static var processors: Int { Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    /// More than any disk has.
    private static let uncountedGiB = 1 << 30

    /// Changes with every start of the host's kernel.
    static func bootID() -> String {
        (Files.read("/proc/sys/kernel/random/boot_id") ?? "").filter { !$0.isWhitespace }
    }

    private static func load1() -> Double {
        Files.read("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// What this host has, or what the control group of our machines may have of it, in MiB.
    private static func memory() -> (total: Int, available: Int) {
        var total = 0
        var available = 0
        for line in (Files.read("/proc/meminfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int(words[1]) else { continue }
            if words[0] == "MemTotal:" { total = kibibytes / 1024 }
            if words[0] == "MemAvailable:" { available = kibibytes / 1024 }
        }
        guard let group = GroupMemory() else { return (total, available) }
        return (min(total, group.limit >> 20), min(available, group.free >> 20))
    }

    private mutating func busyShare() -> Double {
        let now = ContinuousClock.now
        if let lastLook, now - lastLook < Self.shortestWindow { return lastShare }
        lastLook = now
        guard let line = (Files.read("/proc/stat") ?? "").split(separator: "\n").first else { return 0 }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Int($0) }
        guard ticks.count == 8 else { return 0 }
        let total = ticks.reduce(0, +)
        // Idle and waiting for input or output, by proc(5).
        let busy = total - ticks[3] - ticks[4]
        defer { (lastBusy, lastTotal) = (busy, total) }
        guard total > lastTotal else { return lastShare }
        let share = Double(busy - lastBusy) / Double(total - lastTotal)
        lastShare = (share * 1000).rounded() / 1000
        return lastShare
    }
}
