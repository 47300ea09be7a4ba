/// What a host says about a machine that it can start. Published by its worker, shown by the form.
package struct MachineDescription: Sendable, Hashable, Codable, Identifiable {
    package var name: String
    /// What people choose it by; nil where a host of an earlier version has said nothing.
    package var title: String?
    package var summary: String
    /// `disk` or `iso`.
    package var kind: String
    package var architecture: String
    /// What the machine needs at least, and has at most; nil when it does not say.
    package var cpu: Int?
    package var cpuMax: Int?
    package var memoryMiB: Int?
    package var memoryMaxMiB: Int?
    /// Size of a session's disk, where the catalogue says it.
    package var diskGiB: Int?
    /// Graphics cards that each of its sessions gets: none, where it is 0; nil: as many as are asked for.
    package var gpu: Int?
    /// Where it stands in its catalogue, the first one at 0.
    package var order: Int?
    package var group: String?
    package var icon: String?
    /// Who may see and start it; everybody, if both are nil.
    package var users: [String]?
    package var groups: [String]?

    /// What other hosts say of it, where they say something else.
    package var others: [MachineDescription] = []

    package var id: String { name }

    /// One of what several hosts say of the same machine; nil for nothing.
    package init?(merging told: [MachineDescription]) {
        guard let first = told.min(by: { ($0.order ?? .max) < ($1.order ?? .max) }) else { return nil }
        self = first
        others = told.filter { $0 != first }
    }

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

    /// Signs that the form has.
    package static let icons = ["linux", "windows", "disc", "desktop", "science", "terminal"]

    /// Whether it is one of ours, or a single emoji.
    package static func isIcon(_ text: String) -> Bool {
        icons.contains(text)
            || text.count == 1 && text.unicodeScalars.contains { $0.properties.isEmoji && $0.value > 0xFF }
    }

    /// Whether somebody may see and start it.
    /// - Parameter groups: As the way to sign in tells them: names, or whole DNs of which the first part is a name.
    package func isFor(_ person: PersonName?, groups mine: [String]) -> Bool {
        // As long as hosts differ, nobody knows on which of them it would run.
        isForAlone(person, groups: mine) && others.allSatisfy { $0.isForAlone(person, groups: mine) }
    }

    private func isForAlone(_ person: PersonName?, groups mine: [String]) -> Bool {
        if users == nil, groups == nil { return true }
        return person?.isAmong(users ?? []) == true || GroupName.isAny(of: groups ?? [], in: mine)
    }

    private enum CodingKeys: String, CodingKey {
        case name, title, kind, cpu, gpu, order, group, icon, users, groups
        case summary = "description"
        case architecture = "arch"
        case cpuMax = "cpu_max"
        case memoryMiB = "memory_mib"
        case memoryMaxMiB = "memory_max_mib"
        case diskGiB = "disk_gib"
    }
}
