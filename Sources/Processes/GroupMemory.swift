/// The memory that control groups leave to machines on this host: less than the host has, in a container for example.
package struct GroupMemory: Sendable, Hashable {
    /// The least limit of the group of the machines and of those around it, in bytes.
    package let limit: Int
    /// The least that one of them has left, in bytes: files that are cached for its processes can go.
    package let free: Int

    /// Looks it up; nil where no group has a limit.
    /// - Parameters:
    ///   - membership: `/proc/self/cgroup`.
    ///   - mounts: `/proc/self/mountinfo`.
    package init?(
        membership: String = Files.read("/proc/self/cgroup") ?? "",
        mounts: String = Files.read("/proc/self/mountinfo") ?? ""
    ) {
        let found = ControlGroupParents.ours(membership, mounts).flatMap { Self.limits(around: $0.ofMachines) }
        guard let limit = found.map(\.limit).min(), let free = found.map({ $0.limit - $0.used }).min() else {
            return nil
        }
        (self.limit, self.free) = (limit, max(0, free))
    }

    /// The limits of a group and of each that it is in, and what their processes hold. Above the mount, at the root of version 2, and
    /// where memory is not counted there are no such files.
    private static func limits(around group: String) -> [(limit: Int, used: Int)] {
        var (found, directory): ([(limit: Int, used: Int)], String) = ([], group)
        while directory != "/" {
            // Version 2 says `max` where there is none, version 1 a number that no host has.
            if let (limit, used, cached) = files(directory), let bytes = Int(limit.trimmed), bytes < 1 << 60 {
                let spare = (Files.read("\(directory)/memory.stat") ?? "").split(separator: "\n").reduce(0) {
                    sum, line in
                    let words = line.split(separator: " ")
                    return words.count == 2 && cached.contains(String(words[0])) ? sum + (Int(words[1]) ?? 0) : sum
                }
                found.append((bytes, max(0, (Int(used.trimmed) ?? 0) - spare)))
            }
            directory = Files.directory(of: directory)
        }
        return found
    }

    private static func files(_ directory: String) -> (limit: String, used: String, cached: [String])? {
        for (limit, used, prefix) in [
            ("memory.max", "memory.current", ""), ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
        ] {
            guard let limit = Files.read("\(directory)/\(limit)") else { continue }
            let cached = ["inactive_file", "active_file"].map { prefix + $0 }
            return (limit, Files.read("\(directory)/\(used)") ?? "", cached)
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String { filter { !$0.isWhitespace } }
}
