extension Settings {
    /// What the form offers.
    package struct Form: Sendable, Equatable {
        package var cpu = [1, 2, 4]
        package var memoryMiB = [1024, 2048, 4096]
        package var lifetime = offeredLifetimes

        static let offeredLifetimes: [Duration] = [.hours(12), .days(1), .days(2), .days(4)]

        /// Whether a life-time goes past a limit; zero is without end in both.
        static func isLonger(_ lifetime: Duration, than limit: Duration) -> Bool {
            limit != .zero && (lifetime == .zero || lifetime > limit)
        }

        static let keys: [SettingsKey] = [
            SettingsKey(
                "form.cpu", \.form.cpu, .list(of: .integer(1...1024), atLeast: 1), "Processors to choose from."),
            SettingsKey(
                "form.memory_gib", \.form.memoryMiB, .list(of: .gibibytes(0.125...65536), atLeast: 1),
                "Sizes of memory to choose from, in GiB."),
            SettingsKey(
                "form.lifetime", \.form.lifetime, .list(of: .lifetime, atLeast: 1),
                default: .derived("`[12h, 1d, 2d, 4d]`, those within `limits.lifetime`") { settings, _ in
                    let limit = settings.limits.lifetime
                    let allowed = offeredLifetimes.filter { !isLonger($0, than: limit) }
                    return allowed.isEmpty ? [limit] : allowed
                },
                "Life-times to choose from. 0: without end."),
        ]
    }
}
