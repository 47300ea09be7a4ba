extension Settings {
    package struct Scheduler: Sendable, Equatable {
        /// How long a silent worker keeps its jobs.
        package var lease = Duration.seconds(30)
        package var loadCheck = Duration.seconds(10)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "scheduler.lease", \.scheduler.lease, .duration(.seconds(1) ... .seconds(3600)),
                "How long a worker may be silent before its jobs go to another. The same for all roles."),
            SettingsKey(
                "scheduler.load_check", \.scheduler.loadCheck, .duration(.seconds(1) ... .seconds(3600)),
                "Time between two checks of a host's load."),
        ]
    }
}
