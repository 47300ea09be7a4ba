extension Settings {
    package struct Log: Sendable, Equatable {
        /// The raw values are those of swift-log.
        package enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
        package enum Format: String, Sendable, CaseIterable { case text, json }

        package var level = Level.notice
        package var format = Format.text

        static let keys: [SettingsKey] = [
            SettingsKey("log.level", \.log.level, .choice, "Least important message that is written."),
            SettingsKey("log.format", \.log.format, .choice, "`json` writes one object a line."),
        ]
    }
}
