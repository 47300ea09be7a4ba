import Glibc

/// How many descriptors this process may have (RLIMIT_NOFILE, getrlimit(2)).
///
/// The soft limit is 1024 on most systems because of programs that use select(2), which this one does not; the hard one is
/// some hundred thousand.
package struct DescriptorLimit: Sendable, Hashable {
    package var soft: Int
    package var hard: Int

    package init(soft: Int, hard: Int) {
        self.soft = soft
        self.hard = hard
    }

    package static var current: DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorLimit(soft: 1024, hard: 1024)
        }
        return DescriptorLimit(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// Makes the soft limit the hard one. Where that is refused the soft one stays, and connections are fewer.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many a program that we start may be given.
    /// - Parameter wanted: What would be of use to it.
    package static func reachable(_ wanted: Int) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_max < rlim_t(wanted) else { return wanted }
        let hard = Int(limit.rlim_max)
        // Root may raise the hard limit, but not in every container, and it is tried here to find that out.
        limit.rlim_max = rlim_t(wanted)
        guard setrlimit(resource, &limit) == 0 else { return hard }
        limit.rlim_max = rlim_t(hard)
        _ = setrlimit(resource, &limit)
        return wanted
    }

    /// What strangers' connections may take: three quarters, and never the last 512, which Redis, machines, the ledger and
    /// files need. Of a small limit half stays.
    package var share: Int { max(16, min(soft / 4 * 3, max(soft - 512, soft / 2))) }
}
