package import Domain

extension Machine {
    /// What this host tells the others about the machine.
    package var published: MachineDescription {
        MachineDescription(
            name: name, summary: description, kind: kind.rawValue, architecture: architecture, cpu: cpu,
            memoryMiB: memoryMiB)
    }
}
