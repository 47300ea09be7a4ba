package import Domain

extension Settings {
    /// How much may be asked for. Zero always means without limit.
    package struct Limits: Sendable, Equatable {
        package var sessions = 10
        package var sessionsPerUser = 3
        package var cpuFractionPerUser = 0.3
        package var memoryFractionPerUser = 0.3
        package var load = 0.8
        package var lifetime = Duration.days(4)
        package var waiting = 1000
        package var waitingPerUser = 10
        package var creationsPerMinute = 30
        package var endedKept = 10_000
        package var diskMebibytes = 0
        package var diskOperations = 0
        package var networkMegabits = 0

        static let keys: [SettingsKey] = [
            SettingsKey(
                "limits.sessions", \.limits.sessions, .integer(0...1_000_000),
                "Sessions at one time, of all hosts together; the next one waits. 0: no limit."),
            SettingsKey(
                "limits.sessions_per_user", \.limits.sessionsPerUser, .integer(0...1_000_000),
                "Sessions of one person; the next one is refused. 0: no limit."),
            SettingsKey(
                "limits.cpu_fraction_per_user", \.limits.cpuFractionPerUser, .number(0...1),
                "Share of all processors that one person may hold. 0: no limit."),
            SettingsKey(
                "limits.memory_fraction_per_user", \.limits.memoryFractionPerUser, .number(0...1),
                "Share of all memory that one person may hold. 0: no limit."),
            SettingsKey(
                "limits.load", \.limits.load, .number(0...1),
                "Busy share of a host's processors above which it starts no further session. 0: no limit."),
            SettingsKey("limits.lifetime", \.limits.lifetime, .lifetime, "Longest life of a session. 0: no limit."),
            SettingsKey(
                "limits.waiting", \.limits.waiting, .integer(0...1_000_000),
                "Sessions that wait, of all people together; the next one is refused. 0: no limit."),
            SettingsKey(
                "limits.waiting_per_user", \.limits.waitingPerUser, .integer(0...1_000_000),
                "Sessions of one person that wait, with `auth.methods: [none]` of one address; the next one is refused. "
                    + "0: no limit."),
            SettingsKey(
                "limits.creations_per_minute", \.limits.creationsPerMinute, .integer(0...10_000),
                "Sessions that one person, with `auth.methods: [none]` one address, makes within a minute; the next one is "
                    + "refused. 0: no limit."),
            SettingsKey(
                "limits.ended_kept", \.limits.endedKept, .integer(0...1_000_000),
                "Ended sessions that are remembered, for a week at most. 0: all of a week."),
            SettingsKey(
                "limits.disk_mib_per_second", \.limits.diskMebibytes, .integer(0...1_000_000),
                "What one session reads and writes of its disks in a second, in MiB. 0: no limit."),
            SettingsKey(
                "limits.disk_operations_per_second", \.limits.diskOperations, .integer(0...10_000_000),
                "How often one session reads and writes in a second. 0: no limit."),
            SettingsKey(
                "limits.network_mbit_per_second", \.limits.networkMegabits, .integer(0...100_000),
                "What one session sends in a second, and what it receives, in megabits. 0: no limit."),
        ]
    }
}

extension Domain.Limits {
    /// The limits as the queue wants them.
    package init(_ settings: Settings) {
        let limits = settings.limits
        self.init(
            sessions: limits.sessions, sessionsPerUser: limits.sessionsPerUser,
            cpuFractionPerUser: limits.cpuFractionPerUser, memoryFractionPerUser: limits.memoryFractionPerUser,
            load: limits.load, lifetimeSeconds: Int(limits.lifetime.components.seconds), waiting: limits.waiting,
            waitingPerUser: limits.waitingPerUser, creationsPerMinute: limits.creationsPerMinute)
        gpuPerUser = settings.gpu.perUser
    }
}
