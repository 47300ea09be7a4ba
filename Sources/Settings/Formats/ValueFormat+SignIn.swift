import Domain

extension ValueFormat where Value == Bool {
    /// YAML of old also took `yes` and `on`; readers disagree about them.
    static var boolean: Self {
        .scalar(
            "true or false", allowsQuotes: false, choices: ["true", "false"],
            parse: { text in ["true": true, "false": false][text] }, write: { "\($0)" })
    }
}

extension ValueFormat where Value == ServerURL {
    /// The address of a server with one of some schemes.
    static func server(_ schemes: String...) -> Self {
        .scalar(
            schemes.map { $0 + "://host:port" }.joined(separator: " or "),
            shown: { URLParts.redact($0, options: [[]]) }, parse: { ServerURL($0, schemes: schemes) },
            write: { $0.description.yamlText })
    }
}

extension ValueFormat where Value == IPNetwork {
    static var network: Self {
        .scalar(
            "an IP address, or a network without bits behind its prefix, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8",
            parse: { IPNetwork($0) }, write: { $0.description.yamlText })
    }
}

extension ValueFormat where Value == PersonName {
    /// Somebody's name: a space at its end would keep it from ever being met.
    static var userName: Self {
        .scalar(
            "a user name without spaces at its ends", parse: { text in try? PersonName(text) }, write: \.text.yamlText)
    }
}

extension ValueFormat where Value == String {
    /// The part of an e-mail address behind the `@`, in small letters.
    static var domain: Self {
        .scalar(
            "a domain such as example.org", parse: { Authority.isName($0.utf8) ? $0.lowercased() : nil },
            write: \.yamlText)
    }

    /// An address as it stands in an envelope (RFC 5321), without a name beside it.
    static var mailAddress: Self {
        .scalar(
            "an e-mail address such as desk@example.org",
            parse: { text in
                let parts = text.split(separator: "@", omittingEmptySubsequences: false)
                let isPlain = text.allSatisfy { $0.isASCII && !$0.isWhitespace && !"<>()[]\\,;:\"".contains($0) }
                guard isPlain, !text.hasControlCharacter, parts.count == 2, !parts[0].isEmpty,
                    Authority.isName(parts[1].utf8)
                else { return nil }
                return text
            },
            write: \.yamlText)
    }

    /// The name of an LDAP attribute (RFC 4512 2.5).
    static var attribute: Self {
        .scalar(
            "the name of an attribute",
            parse: { text in
                let isName = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.;".contains($0)) }
                guard isName, let first = text.first, first.isLetter || first.isNumber else { return nil }
                return text
            },
            write: \.yamlText)
    }

    /// An LDAP filter (RFC 4515) in which `{user}` stands for the name that a person gives.
    static var filter: Self {
        .scalar(
            "an LDAP filter in balanced parentheses with {user} in it, such as (uid={user})",
            parse: { $0.contains("{user}") && $0.isParenthesized && !$0.hasControlCharacter ? $0 : nil },
            write: \.yamlText)
    }
}

extension String {
    /// Whether one pair of parentheses holds the whole text and all others in it are pairs too. Those that mean
    /// themselves are written `\28` and `\29` in a filter.
    fileprivate var isParenthesized: Bool {
        guard hasPrefix("("), hasSuffix(")") else { return false }
        var depth = 0
        for character in dropLast() {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if depth == 0 { return false }
        }
        return depth == 1
    }
}
