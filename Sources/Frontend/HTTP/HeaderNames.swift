import HTTPTypes

extension HTTPField.Name {
    /// Asks nginx not to keep events back.
    static let accelBuffering = named("X-Accel-Buffering")
    static let lastEventID = named("Last-Event-ID")
    static let referrerPolicy = named("Referrer-Policy")
    static let retryAfter = named("Retry-After")
    static let secFetchSite = named("Sec-Fetch-Site")

    private static func named(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) can't be the name of a header") }
        return field
    }
}
