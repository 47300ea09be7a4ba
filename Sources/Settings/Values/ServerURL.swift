/// The address of a server: `scheme://host[:port]`. It never holds a user or a password.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    /// An IPv6 address stands without brackets.
    package let host: String
    /// Nil: the usual one of the scheme.
    package let port: Int?

    /// - Parameter schemes: The schemes that are understood.
    init?(_ text: String, schemes: [String]) {
        guard let parts = URLParts(text), schemes.contains(parts.scheme), !parts.host.isEmpty, parts.userInfo == nil,
            parts.query == nil, ["", "/"].contains(parts.path)
        else { return nil }
        scheme = parts.scheme
        host = parts.host
        port = parts.port
    }

    /// Whether TLS starts with the first byte (`ldaps`, `imaps`, `smtps`), which is not STARTTLS.
    package var isTLS: Bool { scheme.hasSuffix("s") }

    /// The URL as libldap and libcurl take it.
    package var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
    }
}
