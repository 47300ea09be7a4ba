import Hummingbird

extension SiteURL {
    /// A cookie for this site alone, out of reach of scripts.
    /// - Parameter seconds: Its life; nil ends it with the browser, zero at once.
    func cookie(_ name: String, _ value: String, secure: Bool, seconds: Int? = nil) -> Cookie {
        Cookie(
            name: name, value: value, maxAge: seconds, path: base.isEmpty ? "/" : base, secure: secure, httpOnly: true,
            sameSite: .lax)
    }
}
