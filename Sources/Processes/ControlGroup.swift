import Glibc

/// Limits for the processes of one session: a control group of the kernel (cgroups(7)), below the group that we are in.
///
/// Version 1 has a hierarchy for each kind of limit, version 2 one for all. Where no group of ours may be changed there are no
/// limits, which is no error: `doctor` tells it.
package struct ControlGroup: Sendable {
    package struct Limits: Sendable, Hashable {
        package var memoryBytes: Int
        /// Processes and threads.
        package var processes: Int
        /// Share of the processors beside the other sessions; a session of one processor has 100.
        package var weight: Int

        package init(memoryBytes: Int, processes: Int, weight: Int) {
            self.memoryBytes = memoryBytes
            self.processes = processes
            self.weight = weight
        }
    }

    /// What we are in, by hierarchy.
    package let parents: ControlGroupParents
    private let name: String

    package init(_ name: String, in parents: ControlGroupParents) {
        self.name = "qwd-\(name)"
        self.parents = parents
    }

    /// Makes the group with its limits and puts a process into it; processes that this one makes follow.
    /// - Returns: The limits that could not be set, in words.
    @discardableResult
    package func hold(_ pid: Int32, _ limits: Limits) -> [String] {
        parents.hierarchies.compactMap { hierarchy in
            let directory = "\(hierarchy.directory)/\(name)"
            if mkdir(directory, 0o755) != 0, errno != EEXIST { return problem(directory) }
            for (file, value) in hierarchy.files(limits) where !Self.write(value, to: "\(directory)/\(file)") {
                return problem("\(directory)/\(file)")
            }
            return Self.write("\(pid)", to: "\(directory)/cgroup.procs") ? nil : problem(directory)
        }
    }

    /// Puts another process beside the first.
    package func add(_ pid: Int32) {
        for hierarchy in parents.hierarchies {
            // A session without limits has no group.
            _ = Self.write("\(pid)", to: "\(hierarchy.directory)/\(name)/cgroup.procs")
        }
    }

    /// Removes the group, whose processes have ended.
    /// - Returns: Whether it is gone.
    @discardableResult
    package func remove() -> Bool {
        let left = parents.hierarchies.filter { rmdir("\($0.directory)/\(name)") != 0 && errno != ENOENT }
        return left.isEmpty
    }

    private func problem(_ path: String) -> String { "\(path): \(String(cString: strerror(errno)))" }

    static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
