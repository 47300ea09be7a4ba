extension Settings.Auth {
    /// A program that decides: user and password on its standard input, the answer is its exit code.
    package struct Command: Sendable, Equatable {
        /// Absolute. Nil: not configured.
        package var path: String?
        package var timeout = Duration.seconds(5)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.command.path", \.auth.command.path, .optional(.absolutePath),
                "Program that gets user and password on its standard input and lets in by exit code 0. "
                    + "Empty: not configured."),
            SettingsKey(
                "auth.command.timeout", \.auth.command.timeout, .timeout,
                "How long it may take before it is ended and the person refused."),
        ]
    }
}
