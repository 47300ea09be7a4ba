extension Settings.Auth {
    /// A link with a one-time code, mailed to who asks for it.
    package struct Email: Sendable, Equatable {
        /// In small letters. An address of another domain is refused.
        package var domains: [String] = []
        /// Whether people who came in this way get one-shot sessions only.
        package var oneShot = true

        static let keys: [SettingsKey] = [
            SettingsKey(
                "auth.email.domains", \.auth.email.domains, .list(of: .domain),
                "Domains whose addresses may sign in by a mailed link."),
            SettingsKey(
                "auth.email.one_shot", \.auth.email.oneShot, .boolean,
                "Whether they get one-shot sessions only, which end when the viewer leaves."),
        ]
    }
}
