import FoundationEssentials
import Glibc

/// How long a host's kernel has run, by a clock that nobody sets and that goes on while the host sleeps (CLOCK_BOOTTIME). The
/// queue's own time goes by it, so that a server's wall clock may step without anybody's session becoming shorter.
package struct BootTime: Sendable, Hashable {
    /// Names this run of the kernel, and the clock in it: a time namespace (time_namespaces(7)) has another one.
    package var boot: String
    package var uptime: Duration

    package init(boot: String, uptime: Duration) {
        self.boot = boot
        self.uptime = uptime
    }

    /// That of this host.
    package static func now() -> BootTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return BootTime(
            boot: boot, uptime: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }

    private static let boot: String = {
        let kernel = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let clock = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/time")
        return [kernel, clock].compactMap(\.self).joined().filter { $0.isLetter || $0.isNumber || $0 == "-" }
    }()
}

extension BootTime {
    /// As a transition takes it: empty for none.
    static func arguments(_ time: BootTime?) -> [String] {
        [time?.boot ?? "", "\(time?.uptime.milliseconds ?? 0)"]
    }
}
