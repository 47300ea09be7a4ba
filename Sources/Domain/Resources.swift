/// What a session needs of its host in amounts. The raw values are the names of fields in Redis.
package enum Resource: String, Sendable, CaseIterable {
    /// Processors.
    case cpu
    /// Memory in MiB.
    case memory = "memory_mib"
    /// Disk in GiB.
    case disk = "disk_gib"
    /// Graphics processors.
    case gpu
}

/// An amount of each resource.
package struct Resources: Sendable, Hashable {
    private var amounts: [Resource: Int] = [:]

    package init(cpu: Int = 0, memoryMiB: Int = 0, diskGiB: Int = 0, gpu: Int = 0) {
        self[.cpu] = cpu
        self[.memory] = memoryMiB
        self[.disk] = diskGiB
        self[.gpu] = gpu
    }

    package subscript(resource: Resource) -> Int {
        get { amounts[resource] ?? 0 }
        // Zero has one form, so that equal amounts are equal.
        set { amounts[resource] = newValue == 0 ? nil : newValue }
    }

    package var cpu: Int { self[.cpu] }
    package var memoryMiB: Int { self[.memory] }
    package var diskGiB: Int { self[.disk] }
    package var gpu: Int { self[.gpu] }
}

/// A size in GiB that was probably meant in MiB, as the reference of many such tools counts: 2048 for two.
package enum ProbablyMiB {
    /// The GiB that were probably meant, if the number says so: a whole number of 256 or more in steps of 128.
    package static func gibibytes(of number: Double) -> Double? {
        number >= 256 && number.truncatingRemainder(dividingBy: 128) == 0 ? number / 1024 : nil
    }
}

/// Why a host takes no session at all for now, though it is there. The raw values are what its hash says.
package enum HostClosure: String, Sendable, CaseIterable {
    /// Something that machines need is missing there.
    case problem
    /// Its disk is nearly full.
    case disk
    /// Its processors are busier than `limits.load`.
    case load
}
