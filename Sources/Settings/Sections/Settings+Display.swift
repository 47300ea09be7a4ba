extension Settings {
    package struct Display: Sendable, Equatable {
        package enum Bridge: String, Sendable, CaseIterable { case websockify }

        package var bridge = Bridge.websockify
        package var listen = ListenAddress(host: "127.0.0.1", port: 6080)
        /// The address viewers use, without a slash at its end. Nil: made from `listen`.
        package var publicURL: String?
        /// Absolute path of noVNC's files.
        package var noVNC = "/usr/share/novnc"

        static let keys: [SettingsKey] = [
            SettingsKey(
                "display.bridge", \.display.bridge, .choice, "The program between a browser and a machine's display."),
            SettingsKey(
                "display.listen", \.display.listen, .address,
                "Where viewers connect on each worker's host. Port 0 takes any free one."),
            SettingsKey(
                "display.public_url", \.display.publicURL, .optional(.webURL),
                "The address viewers use, behind a proxy for example. Empty: made from `display.listen`. One-shot sessions have a port of their own there, any free one."
            ),
            SettingsKey("display.novnc", \.display.noVNC, .absolutePath, "Directory of noVNC's files."),
        ]
    }
}
