/// What a person gives a session's boot scripts, as it travels beside the request: sealed, as one text.
package struct BootScriptPayload: Sendable, Equatable {
    /// A script of the person's own.
    package var script: String?
    /// What stands for `@PW@` in the session's scripts.
    package var password: Secret?

    package init(script: String? = nil, password: Secret? = nil) {
        (self.script, self.password) = (script, password)
    }

    package var isEmpty: Bool { script == nil && password == nil }

    /// The script, and a password behind a byte of zero, which neither has.
    package var text: Secret { Secret((script ?? "") + (password.map { "\0" + $0.revealed } ?? "")) }

    package init(_ text: Secret) {
        let parts = text.revealed.split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
        script = parts[0].isEmpty ? nil : String(parts[0])
        password = parts.count > 1 ? Secret(String(parts[1])) : nil
    }
}
