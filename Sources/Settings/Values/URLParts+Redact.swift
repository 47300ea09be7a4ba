import Domain

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
