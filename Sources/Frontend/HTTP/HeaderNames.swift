import HTTPTypes

extension HTTPField.Name {
    /// Asks nginx not to keep events back.
    static let accelBuffering = named("X-Accel-Buffering")
    static let crossOriginOpenerPolicy = named("Cross-Origin-Opener-Policy")
    /// What opens a display, from the viewer's page.
    static let displayToken = named("Display-Token")
    static let forwarded = named("Forwarded")
    static let forwardedFor = named("X-Forwarded-For")
    static let realIP = named("X-Real-IP")
    static let forwardedProto = named("X-Forwarded-Proto")
    /// Shows that a script of our page sends a request, in place of a form's field.
    static let formToken = named("X-Form-Token")
    static let lastEventID = named("Last-Event-ID")
    static let referrerPolicy = named("Referrer-Policy")
    static let retryAfter = named("Retry-After")
    static let secFetchSite = named("Sec-Fetch-Site")
    static let via = named("Via")

    private static func named(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) can't be the name of a header") }
        return field
    }
}
