/// The parts of `scheme://[user[:password]@][host[:port]][/path][?option=value&...]`. There is no fragment.
struct URLParts {
    var scheme: String
    var userInfo: String?
    /// Empty if there is none.
    var host = ""
    var port: Int?
    /// Empty, or from the first slash on.
    var path: String
    /// Nil if there is no question mark.
    var query: String?

    init?(_ text: String) {
        guard let start = Self.endOfScheme(text),
            text.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 && $0 != "#" })
        else { return nil }
        scheme = String(text[..<start].dropLast(3))
        let beforeQuery = text[start...].prefix { $0 != "?" }
        query = beforeQuery.endIndex == text.endIndex ? nil : String(text[beforeQuery.endIndex...].dropFirst())
        var authority = beforeQuery.prefix { $0 != "/" }
        path = String(text[authority.endIndex..<beforeQuery.endIndex])
        if let at = authority.lastIndex(of: "@") {
            userInfo = String(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        guard !authority.isEmpty else { return }
        guard let (host, port) = ListenAddress.split(authority), port != 0 else { return nil }
        self.host = host
        self.port = port
    }

    /// The place after `scheme://`.
    static func endOfScheme(_ text: String) -> String.Index? {
        let rest = text.drop { $0 != ":" }
        return rest.hasPrefix("://") ? text.index(rest.startIndex, offsetBy: 3) : nil
    }

    /// The names of a query's options.
    static func optionNames(_ query: some StringProtocol) -> [String] {
        query.split(separator: "&").map { option in String(option.prefix { $0 != "=" }) }
    }
}
