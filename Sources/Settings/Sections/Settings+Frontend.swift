package import Domain

extension Settings {
    package struct Frontend: Sendable, Equatable {
        package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
        /// The address people type, without a slash at its end. Nil: what the browser asked for.
        package var publicURL: String?
        /// Connections in all, and from one address.
        package var connections = 4096
        package var connectionsPerAddress = 256
        /// Clients that may read the measurements.
        package var monitoring = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }

        static let keys: [SettingsKey] = [
            SettingsKey(
                "frontend.listen", \.frontend.listen, .address,
                "Where the web pages are served. Port 0 takes any free one."),
            SettingsKey(
                "frontend.public_url", \.frontend.publicURL, .optional(.webURL),
                "The address people use, behind a proxy for example. Empty: the one the browser asked for."),
            SettingsKey(
                "frontend.connections", \.frontend.connections, .integer(16...1_000_000),
                "Connections at one time, fewer where the limit of descriptors is near. Half of them may be event streams."
            ),
            SettingsKey(
                "frontend.connections_per_address", \.frontend.connectionsPerAddress, .integer(4...1_000_000),
                "The same for one IPv4 address or one /64 of IPv6. Behind a proxy named in `proxies`: requests at one time."
            ),
            SettingsKey(
                "frontend.monitoring", \.frontend.monitoring, .list(of: .network),
                "Clients that may read `/metrics` and why `/readyz` is not ready."),
        ]
    }
}
