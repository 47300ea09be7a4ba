extension Settings {
    package struct Display: Sendable, Equatable {
        package enum Bridge: String, Sendable, CaseIterable { case gateway }

        package var bridge = Bridge.gateway
        package var listen = ListenAddress(host: "127.0.0.1", port: 6080)
        /// The address viewers use, without a slash at its end. Nil: made from `listen`.
        package var publicURL: String?
        /// Absolute path of noVNC's files.
        package var noVNC = "/usr/share/novnc"
        /// Addresses of web pages that may open displays, beside `frontend.publicURL`.
        package var origins: [String] = []
        package var oneShotGrace = Duration.seconds(15)

        static let keys: [SettingsKey] = [
            SettingsKey(
                "display.bridge", \.display.bridge, .choice, "What carries a machine's display to a browser."),
            SettingsKey(
                "display.listen", \.display.listen, .address,
                "Where viewers connect on each worker's host. Port 0 takes any free one."),
            SettingsKey(
                "display.public_url", \.display.publicURL, .optional(.webURL),
                "The address of this host's displays, behind a proxy for example. Empty: made from `display.listen`."),
            SettingsKey(
                "display.origins", \.display.origins, .list(of: .webURL),
                "Addresses of web pages that may open this host's displays, beside `frontend.public_url`, or else a name in `frontend.listen`: those of frontends with another configuration. Where neither this nor `frontend.public_url` is set, pages at this host's own address, localhost and private addresses may too."
            ),
            SettingsKey(
                "display.one_shot_grace", \.display.oneShotGrace, .duration(.zero ... .seconds(3600)),
                "How long a one-shot session waits for its viewer to come back, after a reload for example."),
            SettingsKey(
                "display.novnc", \.display.noVNC, .absolutePath, "Directory of noVNC's files, for the frontend."),
        ]
    }
}
