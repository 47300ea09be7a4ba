import Domain

extension ValueFormat where Value == String {
    /// A line of text that is not empty.
    static var text: Self {
        .scalar(
            "a text on one line", parse: { $0.isEmpty || $0.hasControlCharacter ? nil : $0 }, write: \.yamlText)
    }

    /// A name that is safe in a file name, a URL and a Redis key.
    static var name: Self {
        .scalar(
            "a name of at most 64 letters, digits, \".\", \"_\" and \"-\", the first a letter or digit",
            parse: { text in
                let isName = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
                guard isName, text.count <= 64, let first = text.first, !"._-".contains(first) else { return nil }
                return text
            },
            write: \.yamlText)
    }

    /// An absolute path. Slashes at its end are dropped.
    static var absolutePath: Self {
        .scalar(
            "an absolute path",
            parse: { text in
                guard text.hasPrefix("/"), !text.hasControlCharacter else { return nil }
                let end = text.lastIndex { $0 != "/" } ?? text.startIndex
                return String(text[...end])
            },
            write: \.yamlText)
    }

    /// A web address without query. Slashes at its end are dropped.
    static var webURL: Self {
        .scalar(
            "an address such as https://desk.example.org/qwd",
            parse: { text in
                guard let parts = URLParts(text), ["http", "https"].contains(parts.scheme), parts.authority != nil,
                    parts.userInfo == nil, parts.query == nil, let end = text.lastIndex(where: { $0 != "/" })
                else { return nil }
                return String(text[...end])
            },
            write: \.yamlText)
    }
}

extension ValueFormat where Value == RedisURL {
    static var redisURL: Self {
        .scalar(
            "redis://host:port, rediss://host:port or unix:///path", shown: RedisURL.redact, parse: { RedisURL($0) },
            write: { $0.revealed.yamlText }, writeRedacted: { $0.description.yamlText })
    }
}

extension ValueFormat where Value == ListenAddress {
    static var address: Self {
        .scalar(
            "host:port such as 127.0.0.1:8080 or [::1]:8080, port 0 to 65535", parse: { ListenAddress($0) },
            write: { $0.description.yamlText })
    }
}

extension ValueFormat where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the words of an enumeration.
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return .scalar(
            words.count == 1 ? words[0] : "one of " + words.joined(separator: ", "), choices: words,
            parse: { Value(rawValue: $0) }, write: \.rawValue)
    }
}

extension String {
    /// Plain for a path, in quotes for everything that another reader of YAML could take for a number or a truth value.
    var yamlText: String {
        let isPath = hasPrefix("/") && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) }
        if isPath { return self }
        return "\"" + map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}
