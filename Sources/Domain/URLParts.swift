/// The parts of `scheme://[user[:password]@][authority][/path][?query]`, the only URLs that this service reads. There is no
/// fragment, and nothing but printable ASCII.
package struct URLParts: Sendable, Hashable {
    /// In lower case.
    package let scheme: String
    /// What stands before the last `@`.
    package let userInfo: String?
    /// Nil if there is none.
    package let authority: Authority?
    /// Empty, or from the first slash on.
    package let path: String
    /// Nil if there is no question mark.
    package let query: String?

    package init?(_ text: String) {
        guard let start = Self.endOfScheme(text),
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") })
        else { return nil }
        scheme = text[..<start].dropLast(3).lowercased()
        let beforeQuery = text[start...].prefix { $0 != "?" }
        query = beforeQuery.endIndex == text.endIndex ? nil : String(text[beforeQuery.endIndex...].dropFirst())
        var place = beforeQuery.prefix { $0 != "/" }
        path = String(text[place.endIndex..<beforeQuery.endIndex])
        if let at = place.lastIndex(of: "@") {
            userInfo = String(place[..<at])
            place = place[place.index(after: at)...]
        } else {
            userInfo = nil
        }
        if place.isEmpty {
            authority = nil
        } else {
            // Nor is there a colon without a port.
            guard let authority = Authority(place), authority.isOfHost, !place.hasSuffix(":") else { return nil }
            self.authority = authority
        }
    }

    /// The place after `scheme://`.
    package static func endOfScheme(_ text: String) -> String.Index? {
        let rest = text.drop { $0 != ":" }
        return rest.hasPrefix("://") ? text.index(rest.startIndex, offsetBy: 3) : nil
    }

    /// The names of a query's options.
    package static func optionNames(_ query: some StringProtocol) -> [String] {
        query.split(separator: "&").map { option in String(option.prefix { $0 != "=" }) }
    }
}
