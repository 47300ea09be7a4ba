extension Settings {
    /// What a person gets who does not choose.
    package struct Defaults: Sendable, Equatable {
        /// Nil: the first of the catalogue.
        package var machine: String?
        package var cpu = 1
        package var memoryMiB = 4096
        package var diskGiB = 10
        /// Zero: without end.
        package var lifetime = Duration.days(4)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "defaults.machine", \.defaults.machine, .optional(.text),
                "Machine that is chosen at first. Empty: the first of the catalogue."),
            SettingsKey("defaults.cpu", \.defaults.cpu, .integer(1...1024), "Processors of a session."),
            SettingsKey(
                "defaults.memory_gib", \.defaults.memoryMiB, .gibibytes(0.125...65536),
                "Memory of a session, in GiB."),
            SettingsKey(
                "defaults.disk_gib", \.defaults.diskGiB, .integer(1...65536),
                "Scratch disk of an ISO machine, in GiB."),
            SettingsKey(
                "defaults.lifetime", \.defaults.lifetime, .lifetime,
                default: .derived("`4d`, or `limits.lifetime` if that is shorter") { settings, _ in
                    let limit = settings.limits.lifetime
                    return Form.isLonger(.days(4), than: limit) ? limit : .days(4)
                },
                "Life of a session. 0: without end."),
        ]
    }
}
