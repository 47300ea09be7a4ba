/// The address of a server: `scheme://host[:port]`. It never holds a user or a password.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    package let authority: Authority

    /// - Parameter schemes: The schemes that are understood.
    package init?(_ text: String, schemes: [String]) {
        guard let parts = URLParts(text), schemes.contains(parts.scheme), let authority = parts.authority,
            parts.userInfo == nil, parts.query == nil, ["", "/"].contains(parts.path)
        else { return nil }
        scheme = parts.scheme
        self.authority = authority
    }

    /// Whether TLS starts with the first byte (`ldaps`, `imaps`, `smtps`), which is not STARTTLS.
    package var isTLS: Bool { scheme.hasSuffix("s") }

    /// Nil: the usual one of the scheme.
    package var port: Int? { authority.port }

    /// The URL as libldap and libcurl take it.
    package var description: String { "\(scheme)://\(authority)" }
}
