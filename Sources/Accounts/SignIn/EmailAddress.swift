import Domain

/// An e-mail address of the kind people have: a dot-atom before the `@`, a host name after it.
///
/// Of RFC 5321 it leaves out quoted local parts and address literals, and all that is not ASCII.
package struct EmailAddress: Sendable, Hashable, CustomStringConvertible {
    package let local: String
    /// In lower case: host names have none (RFC 1035 2.3.3).
    package let domain: String

    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        // The lengths stand in RFC 5321 4.5.3.1; 254 is the longest path less its two brackets.
        guard parts.count == 2, text.utf8.count <= 254, parts[0].utf8.count <= 64,
            Self.isDotAtom(parts[0]), Self.isDomain(parts[1])
        else { return nil }
        local = String(parts[0])
        domain = parts[1].lowercased()
    }

    package var text: String { "\(local)@\(domain)" }
    package var description: String { text }

    /// Whether the address is of one of these domains. A subdomain is another domain.
    package func isAllowed(in domains: [String]) -> Bool {
        domains.contains { $0.lowercased() == domain }
    }

    static func isDomain(_ text: some StringProtocol) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
                    && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            }
    }

    /// RFC 5322 3.2.3.
    private static func isDotAtom(_ text: Substring) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy { $0.isLetterOrDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        }
    }
}
