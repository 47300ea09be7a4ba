/// What a host says about a machine that it can start. Published by its worker, shown by the form.
package struct MachineDescription: Sendable, Hashable, Codable, Identifiable {
    package var name: String
    package var summary: String
    /// `disk` or `iso`.
    package var kind: String
    package var architecture: String
    /// What the machine needs at least; nil when it does not say.
    package var cpu: Int?
    package var memoryMiB: Int?

    package var id: String { name }

    package init(
        name: String, summary: String, kind: String, architecture: String, cpu: Int? = nil, memoryMiB: Int? = nil
    ) {
        self.name = name
        self.summary = summary
        self.kind = kind
        self.architecture = architecture
        self.cpu = cpu
        self.memoryMiB = memoryMiB
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case summary = "description"
        case kind
        case architecture = "arch"
        case cpu
        case memoryMiB = "memory_mib"
    }
}
