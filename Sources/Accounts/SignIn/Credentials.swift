package import Domain
/// What a person types to sign in.
package struct Credentials: Sendable {
    package var user: String
    package var password: Secret

    package init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }

    /// Whether a method may see them at all. Everything else is refused unseen: it is no name or password anybody has,
    /// and a NUL or a line break would mean something to a C library or on a wire.
    package var isWellFormed: Bool {
        Self.isName(user) && password.revealed.utf8.count <= 1024
            && !password.revealed.utf8.contains { [0, 0x0A, 0x0D].contains($0) }
    }

    /// Whether a text can be the name of a person: 1 to 254 bytes (the longest e-mail address, RFC 5321 4.5.3.1.3), no
    /// control characters and none that change how the rest is displayed, no space at either end: some servers and
    /// programs drop it, and then one person would have two names.
    static func isName(_ text: String) -> Bool {
        (1...254).contains(text.utf8.count) && text.first?.isWhitespace == false && text.last?.isWhitespace == false
            && !text.unicodeScalars.contains {
                switch $0.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
    }
}
