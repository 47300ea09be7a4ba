extension Settings {
    /// The folder of each session through which files come and go.
    package struct Exchange: Sendable, Equatable {
        package var limitGiB = 2.0
        package var kept = Duration.seconds(3600)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "exchange.limit_gib", \.exchange.limitGiB, .number(0...1_048_576),
                "How much the folder of a session may have through which files come to it and from it. 0: no such folder."
            ),
            SettingsKey(
                "exchange.kept", \.exchange.kept, .duration(Duration.zero...(.days(365))),
                "How long it is there after the session's end."),
        ]

        /// Nil for none.
        package var bytes: Int? { limitGiB > 0 ? Int(limitGiB * Double(1 << 30)) : nil }
    }
}
