/// The memory that control groups leave to machines on this host: less than the host has, in a container for example.
package struct GroupMemory: Sendable, Hashable {
    /// The least limit of the group of the machines and of those around it, in bytes.
    package let limit: Int
    /// What the processes in the group with that limit hold, without files that are cached for them and can go, in bytes.
    package let used: Int

    /// Looks it up; nil where no group has a limit.
    /// - Parameters:
    ///   - membership: `/proc/self/cgroup`.
    ///   - mounts: `/proc/self/mountinfo`.
    package init?(
        membership: String = Files.read("/proc/self/cgroup") ?? "",
        mounts: String = Files.read("/proc/self/mountinfo") ?? ""
    ) {
        let found = ControlGroupParents.ours(membership, mounts).flatMap { Self.limits(around: $0.ofMachines) }
        guard let least = found.min(by: { $0.limit < $1.limit }) else { return nil }
        self = least
    }

    private init(limit: Int, used: Int) { (self.limit, self.used) = (limit, used) }

    /// The limits of a group and of each that it is in. Above the mount, and at the root of version 2, there are no such files.
    private static func limits(around group: String) -> [GroupMemory] {
        var (found, directory): ([GroupMemory], String) = ([], group)
        while directory != "/", let (limit, used, cached) = files(directory) {
            // Version 2 says `max` where there is none, version 1 a number that no host has.
            if let bytes = Int(limit.trimmed), bytes < 1 << 60 {
                let statistics = Files.read("\(directory)/memory.stat") ?? ""
                let line = statistics.split(separator: "\n").first { $0.hasPrefix("\(cached) ") }
                let spare = line.flatMap { Int($0.dropFirst(cached.count + 1)) } ?? 0
                found.append(GroupMemory(limit: bytes, used: max(0, (Int(used.trimmed) ?? 0) - spare)))
            }
            directory = Files.directory(of: directory)
        }
        return found
    }

    private static func files(_ directory: String) -> (limit: String, used: String, cached: String)? {
        for (limit, used, cached) in [
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ] {
            guard let limit = Files.read("\(directory)/\(limit)") else { continue }
            return (limit, Files.read("\(directory)/\(used)") ?? "", cached)
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String { filter { !$0.isWhitespace } }
}
