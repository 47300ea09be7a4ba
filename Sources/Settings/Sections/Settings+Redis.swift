extension Settings {
    package struct Redis: Sendable, Equatable {
        /// The common Redis. Nil: a private one, which only `qwd up` can start.
        package var url: RedisURL?

        static let keys: [SettingsKey] = [
            SettingsKey(
                "redis.url", \.redis.url, .optional(.redisURL),
                "The Redis that all roles share. Empty: `qwd up` starts a private one.")
        ]
    }
}
