extension Settings {
    package struct Frontend: Sendable, Equatable {
        package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
        /// The address people type, without a slash at its end. Nil: what the browser asked for.
        package var publicURL: String?

        static let keys: [SettingsKey] = [
            SettingsKey(
                "frontend.listen", \.frontend.listen, .address,
                "Where the web pages are served. Port 0 takes any free one."),
            SettingsKey(
                "frontend.public_url", \.frontend.publicURL, .optional(.webURL),
                "The address people use, behind a proxy for example. Empty: the one the browser asked for."),
        ]
    }
}
