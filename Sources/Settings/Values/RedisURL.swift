import Domain

/// The address of a Redis.
///
/// `redis://[[user]:password@]host[:port][/database]`, with TLS `rediss://...[?ca=FILE&cert=FILE&key=FILE]`, or
/// `unix://[[user]:password@]/path[?db=database]`. Whatever prints it shows no password; only `revealed` does.
package struct RedisURL: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The whole text with its password, for the client.
    package let revealed: String

    /// The options that a URL of each scheme may have.
    private static let options: [String: Set<String>] = [
        "redis": [], "rediss": ["ca", "cert", "key"], "unix": ["db"],
    ]

    package init?(_ text: String) {
        guard let parts = URLParts(text), let options = Self.options[parts.scheme],
            options.isSuperset(of: URLParts.optionNames(parts.query ?? "")), parts.userInfo?.contains(":") ?? true
        else { return nil }
        if parts.scheme == "unix" {
            guard parts.authority == nil, parts.path.count > 1 else { return nil }
        } else {
            let database = parts.path.dropFirst()
            guard parts.authority != nil, database.isEmpty || UInt16(database) != nil else { return nil }
        }
        revealed = text
    }

    /// The files that its options name.
    package var files: [String] {
        (URLParts(revealed)?.query ?? "").split(separator: "&").compactMap { option in
            let parts = option.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && ["ca", "cert", "key"].contains(parts[0]) ? String(parts[1]) : nil
        }
    }

    package var description: String { Self.redact(revealed) }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["url": description]) }

    /// The text without what is a password or, in a text that is no URL, could be one.
    static func redact(_ text: String) -> String { URLParts.redact(text, options: options.values) }
}

extension URLParts {
    /// A text without what is a password or, in a text that is no URL, could be one.
    /// - Parameter options: The sets of options that are shown. A query with any other is hidden.
    static func redact(_ text: String, options: some Collection<Set<String>>) -> String {
        let mark = "<redacted>"
        let start = endOfScheme(text) ?? text.startIndex
        let scheme = text[..<start]
        let at = text[start...].lastIndex(of: "@")
        var rest = text[(at ?? start)...]
        if let query = rest.firstIndex(of: "?") {
            let names = optionNames(rest[query...].dropFirst())
            if !options.contains(where: { $0.isSuperset(of: names) }) { rest = rest[...query] + mark }
        }
        if let at {
            let user = text[start..<at].firstIndex(of: ":").map { text[start...$0] } ?? ""
            return scheme + user + mark + rest
        }
        // Without "@host" the password stands where a port should.
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].dropFirst().allSatisfy(\.isNumber) {
            return scheme + rest[...colon] + mark
        }
        return String(scheme + rest)
    }
}
