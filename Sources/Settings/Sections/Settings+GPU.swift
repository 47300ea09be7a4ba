extension Settings {
    /// Graphics cards of workers' hosts.
    package struct GPU: Sendable, Equatable {
        package var block: [String] = []
        package var perUser = 1
        package var sysfs = "/sys"

        static let keys: [SettingsKey] = [
            SettingsKey(
                "gpu.block", \.gpu.block, .list(of: .text),
                "Graphics cards that no guest gets: PCI addresses (`0000:01:00.0`) or kinds (`10de:1b80`)."),
            SettingsKey(
                "gpu.per_user", \.gpu.perUser, .integer(0...1000),
                "Graphics cards that one person may hold. 0: no limit."),
            SettingsKey("gpu.sysfs", \.gpu.sysfs, .absolutePath, "Where the kernel tells of devices."),
        ]
    }
}
