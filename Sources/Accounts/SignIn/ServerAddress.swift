import Domain

/// Where a server listens, from a URL with nothing else in it: no path, no user, and above all no password.
struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    let scheme: String
    /// A name or an address, in brackets if it is of IPv6.
    let host: String
    let port: Int?

    /// - Parameter option: Name of the option, for the error.
    /// - Throws: `AccountsError` `.badConfiguration`, also for an empty host: some libraries take that for this machine.
    init(_ url: String, schemes: [String], option: String) throws(AccountsError) {
        let wanted = schemes.map { "\($0)://host" }.joined(separator: " or ")
        guard !url.isEmpty else {
            throw AccountsError(.badConfiguration, "\(option) is empty; it should be \(wanted).")
        }
        guard let address = Self(url), schemes.contains(address.scheme) else {
            // A text that is no address may have a password in it, so it is not repeated.
            throw AccountsError(.badConfiguration, "\(option) should be \(wanted), with nothing but a port behind it.")
        }
        self = address
    }

    private init?(_ url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        scheme = url[..<mark.lowerBound].lowercased()
        var rest = url[mark.upperBound...]
        if rest.last == "/" { rest.removeLast() }
        var host = rest
        var port: Int?
        if let colon = rest.lastIndex(of: ":"), rest.last != "]" {
            let digits = rest[rest.index(after: colon)...]
            guard let number = UInt16(digits), number > 0, digits.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
            port = Int(number)
            host = rest[..<colon]
        }
        guard EmailAddress.isDomain(host) || Self.isBracketed(host) else { return nil }
        self.host = String(host)
        self.port = port
    }

    private static func isBracketed(_ host: Substring) -> Bool {
        host.first == "[" && host.last == "]" && host.count > 3
            && host.dropFirst().dropLast().utf8.allSatisfy { $0.isLetterOrDigit || ":.".utf8.contains($0) }
    }

    /// The URL again, in the form every library reads.
    var url: String { "\(scheme)://\(description)" }
    var description: String { port.map { "\(host):\($0)" } ?? host }
}
