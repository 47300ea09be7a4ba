package import Domain

extension Machine {
    /// What this host tells the others about the machine.
    package var published: MachineDescription {
        var told = MachineDescription(
            name: name, summary: [title, name].contains(description) ? "" : description, kind: kind.rawValue,
            architecture: hardware.architecture.rawValue, cpu: cpu, memoryMiB: memoryMiB)
        told.title = title
        (told.cpuMax, told.memoryMaxMiB) = (cpuMax, memoryMaxMiB)
        told.diskGiB = mostDiskGiB
        told.gpu = gpu
        (told.group, told.icon) = (group, icon)
        let isOpen = users.isEmpty && groups.isEmpty
        (told.users, told.groups) = isOpen ? (nil, nil) : (users.map(\.text), groups)
        return told
    }

    /// What all that a session writes may come to in GiB; nil for a CD without `disk=`, whose session says it itself.
    private var mostDiskGiB: Int? {
        let own =
            switch kind {
            case .disk: max(virtualSizeBytes, (diskGiB ?? 0) << 30)
            case .iso: (diskGiB ?? 0) << 30
            }
        guard own > 0 else { return diskGiB }
        return (own + (disk2?.virtualSizeBytes ?? 0) + 1 << 30 - 1) >> 30
    }
}
