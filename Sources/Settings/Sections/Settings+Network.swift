package import Domain

extension Settings {
    package struct Network: Sendable, Equatable {
        package enum Isolation: String, Sendable, CaseIterable { case namespace, none }

        package var isolation = Isolation.namespace
        /// Of this link only (RFC 3927, RFC 4291); clouds have their metadata services in the first. The last two are where
        /// Amazon's and Google's clouds have them over IPv6.
        package var deny = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "fd20:ce::254"].compactMap { IPNetwork($0) }
        package var allow: [IPNetwork] = []

        static let keys: [SettingsKey] = [
            SettingsKey(
                "network.isolation", \.network.isolation, .choice,
                "`namespace`: guests have a network of their own, from which they reach nothing of this host; where that can't be had, no machine runs. `none`: they reach what listens on this host."
            ),
            SettingsKey(
                "network.deny", \.network.deny, .list(of: .network),
                "Networks that no guest reaches, with `namespace`. This host's own addresses are always among them."),
            SettingsKey(
                "network.allow", \.network.allow, .list(of: .network), "Exceptions from `network.deny`."),
        ]
    }
}
