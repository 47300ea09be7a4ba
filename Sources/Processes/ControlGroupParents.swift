import Glibc

/// The control groups that we are in and may divide.
package struct ControlGroupParents: Sendable, Hashable {
    struct Hierarchy: Sendable, Hashable {
        var directory: String
        /// memory, pids, cpu.
        var controllers: [String]
        var isVersion2: Bool

        /// The group whose parts machines get. systemd starts no service anew whose group has parts with processes: there our
        /// machines have a service of their own beside us, which only holds the group.
        var ofMachines: String {
            let beside = "\(Files.directory(of: directory))/\(ControlGroupParents.machines)"
            return isVersion2 && access("\(beside)/cgroup.procs", F_OK) == 0 ? beside : directory
        }

        /// Names and contents of the files that set limits (kernel documentation, cgroup-v1 and cgroup-v2).
        func files(_ limits: ControlGroup.Limits) -> [(String, String)] {
            controllers.map { controller in
                switch (controller, isVersion2) {
                case ("memory", true): ("memory.max", "\(limits.memoryBytes)")
                case ("memory", false): ("memory.limit_in_bytes", "\(limits.memoryBytes)")
                case ("pids", _): ("pids.max", "\(limits.processes)")
                case (_, true): ("cpu.weight", "\(min(max(limits.weight, 1), 10_000))")
                // Version 1 counts in 1024ths where version 2 counts in hundredths.
                case (_, false): ("cpu.shares", "\(max(limits.weight * 1024 / 100, 2))")
                }
            }
        }
    }

    static let wanted = ["memory", "pids", "cpu"]
    let hierarchies: [Hierarchy]

    /// The limits that can be set here.
    package var controllers: [String] { hierarchies.flatMap(\.controllers).sorted() }

    /// Finds them. Of version 2 our group is divided only where it is ours alone: we move into a part of it first, because a
    /// group with parts may have no processes of its own.
    /// - Parameters:
    ///   - divides: Whether our own group of version 2 may be divided for it; without, only what is divided already counts.
    ///   - membership: `/proc/self/cgroup`.
    ///   - mounts: `/proc/self/mountinfo`.
    package init(
        divides: Bool = true, membership: String = Files.read("/proc/self/cgroup") ?? "",
        mounts: String = Files.read("/proc/self/mountinfo") ?? ""
    ) {
        hierarchies = Self.ours(membership, mounts).compactMap { ours in
            if !ours.isVersion2 { return access(ours.directory, W_OK) == 0 ? ours : nil }
            let place = ours.ofMachines
            let divided = Self.divide(place, divides, moving: place == ours.directory) ?? []
            return divided.isEmpty ? nil : Hierarchy(directory: place, controllers: divided, isVersion2: true)
        }
    }

    /// The groups that we are in, of version 2 without controllers, which are enabled for parts of it.
    static func ours(_ membership: String, _ mounts: String) -> [Hierarchy] {
        membership.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return nil }
            let controllers = fields[1].split(separator: ",").map(String.init).filter(wanted.contains)
            let isVersion2 = fields[0] == "0"
            guard isVersion2 || !controllers.isEmpty,
                let directory = mount(of: isVersion2 ? nil : controllers[0], in: mounts, reaching: fields[2])
            else { return nil }
            return Hierarchy(directory: directory, controllers: controllers, isVersion2: isVersion2)
        }
    }

    /// The unit whose group machines get parts of, where there is one.
    package static let machines = "qwd-machines.service"

    /// Enables the controllers of a version 2 group for its parts.
    /// - Parameter moving: Whether we are in that group, and have to leave it for one of its parts.
    private static func divide(_ directory: String, _ divides: Bool, moving: Bool) -> [String]? {
        let words = { (file: String) in (Files.read("\(directory)/\(file)") ?? "").split(whereSeparator: \.isWhitespace)
        }
        let controllers = words("cgroup.controllers").map(String.init).filter(wanted.contains)
        guard !controllers.isEmpty else { return nil }
        let enabled = words("cgroup.subtree_control").map(String.init)
        if controllers.allSatisfy(enabled.contains) { return controllers }
        let others = words("cgroup.procs").filter { !moving || $0 != "\(getpid())" }
        guard divides, others.isEmpty else { return nil }
        let own = "\(directory)/qwd-worker"
        if moving {
            guard mkdir(own, 0o755) == 0 || errno == EEXIST,
                ControlGroup.write("\(getpid())", to: "\(own)/cgroup.procs")
            else { return nil }
        }
        let wanted = controllers.map { "+\($0)" }.joined(separator: " ")
        return ControlGroup.write(wanted, to: "\(directory)/cgroup.subtree_control") ? controllers : nil
    }

    /// The directory of our group: a line of mountinfo is `36 35 98:0 ROOT POINT options - TYPE source SUPEROPTIONS`.
    private static func mount(of controller: String?, in mounts: String, reaching group: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let left = halves[0].split(separator: " ")
            let right = halves[1].split(separator: " ")
            guard left.count > 4, right.count > 2 else { continue }
            let fits = controller.map { name in
                right[0] == "cgroup" && right[2].split(separator: ",").contains { $0 == name }
            }
            guard fits ?? (right[0] == "cgroup2") else { continue }
            // In a container the mount may begin at our own group.
            let root = String(left[3])
            let rest = root != "/" && group.hasPrefix(root) ? String(group.dropFirst(root.count)) : group
            return "\(left[4])\(rest == "/" ? "" : rest)"
        }
        return nil
    }
}
