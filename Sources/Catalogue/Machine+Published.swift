package import Domain

extension Machine {
    /// What this host tells the others about the machine.
    package var published: MachineDescription {
        var told = MachineDescription(
            name: name, summary: description == title ? "" : description, kind: kind.rawValue,
            architecture: hardware.architecture.rawValue, cpu: cpu, memoryMiB: memoryMiB)
        told.title = title
        (told.cpuMax, told.memoryMaxMiB) = (cpuMax, memoryMaxMiB)
        told.diskGiB = diskGiB
        (told.group, told.icon) = (group, icon)
        let isOpen = users.isEmpty && groups.isEmpty
        (told.users, told.groups) = isOpen ? (nil, nil) : (users.map(\.text), groups)
        return told
    }
}
