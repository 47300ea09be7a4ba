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

    /// What strangers' connections may take: three quarters, and never the last 512, which Redis, machines, the ledger and
    /// files need. Of a small limit half stays.
    package var share: Int { max(16, min(soft / 4 * 3, max(soft - 512, soft / 2))) }
}
