import Domain

/// How a host's status stands in its hash.
extension HostStatus {
    /// The fields of the hash with their values.
    var fields: [(name: String, value: String)] {
        [("name", name), ("cpus", "\(cpus)"), ("memory_mib", "\(memoryMiB)")]
            + Resource.allCases.map { ("\($0.rawValue)_capacity", "\(capacity[$0])") } + [
                ("closed", closure?.rawValue ?? ""), ("load1", "\(load1)"), ("cpu_busy", "\(cpuBusy)"),
                ("memory_available_mib", "\(memoryAvailableMiB)"), ("disk_free_mib", "\(diskFreeMiB)"),
                ("boot_id", bootID), ("accelerator", accelerator), ("notice", notice), ("version", version),
                ("display_url", displayURL),
            ] + (place.isEmpty ? [] : [("place", place)])
    }

    /// Reads the status back from its fields; what is missing counts as zero or empty.
    init(fields: [String: String], id: String) {
        func integer(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        func fraction(_ name: String) -> Double { fields[name].flatMap { Double($0) } ?? 0 }
        func text(_ name: String) -> String { fields[name] ?? "" }
        self.init(
            name: fields["name"] ?? id, cpus: integer("cpus"), memoryMiB: integer("memory_mib"),
            capacity: Resources(fields: fields, suffix: "_capacity"),
            closure: HostClosure(rawValue: text("closed")), load1: fraction("load1"), cpuBusy: fraction("cpu_busy"),
            memoryAvailableMiB: integer("memory_available_mib"), diskFreeMiB: integer("disk_free_mib"),
            bootID: text("boot_id"), accelerator: text("accelerator"), notice: text("notice"),
            version: text("version"), displayURL: text("display_url"))
    }
}
