extension ClientAddress {
    /// One hop of a list of proxies: `v4`, `v4:port`, `v6`, `[v6]` or `[v6]:port`.
    ///
    /// Nil for whatever else stands there, such as `unknown` and `_hidden` (RFC 7239 6): then nobody says who that was.
    package init?<Text: StringProtocol>(hop text: Text) {
        // The longest: brackets, an address with a zone, a colon and a port.
        guard text.utf8.count <= 69 else { return nil }
        let text = Array(text.utf8)
        if text.first == UInt8(ascii: "[") {
            guard let end = text.lastIndex(of: UInt8(ascii: "]")), Self.isPort(text[(end + 1)...]),
                let address = Self(String(decoding: text[1..<end], as: UTF8.self)),
                text[1..<end].contains(UInt8(ascii: ":"))
            else { return nil }
            self = address
            return
        }
        // One colon stands before a port. An IPv6 address has two at least.
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), !text[(colon + 1)...].contains(UInt8(ascii: ":")) {
            guard Self.isPort(text[colon...]), let address = Self(String(decoding: text[..<colon], as: UTF8.self))
            else { return nil }
            self = address
            return
        }
        self.init(String(decoding: text, as: UTF8.self))
    }

    /// Nothing, or a colon and a number of at most 65535.
    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first else { return true }
        let digits = text.dropFirst()
        guard first == UInt8(ascii: ":"), (1...5).contains(digits.count),
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }

    /// Who asks, by what proxies say that an administrator named.
    ///
    /// Each proxy adds whom it was asked by at the end, so the list is walked from there: the first hop that is no proxy of
    /// ours decides. What stands before it was written by anybody. If that hop can't be read, or there is none, the peer
    /// counts: one of our proxies vouches for nobody then, and all whom it does not name share what one client may do.
    /// - Parameters:
    ///   - peer: The other end of the connection; nil if it has no IP address.
    ///   - forwardedFor: The lines of `X-Forwarded-For`, in their order; together they are one list.
    package static func client(
        peer: ClientAddress?, forwardedFor lines: [String], proxies: [IPNetwork]
    ) -> ClientAddress? {
        func isProxy(_ address: ClientAddress) -> Bool { proxies.contains { $0.contains(address) } }
        guard let peer, isProxy(peer) else { return peer }
        for line in lines.reversed() {
            var rest = Array(line.utf8)[...]
            while true {
                let comma = rest.lastIndex(of: UInt8(ascii: ","))
                let hop = comma.map { rest[($0 + 1)...] } ?? rest
                // A hop that is empty hides somebody, as one that is unknown does.
                guard let address = Self(hop: String(decoding: trimmed(hop), as: UTF8.self)) else { return peer }
                if !isProxy(address) { return address }
                guard let comma else { break }
                rest = rest[..<comma]
            }
        }
        return peer
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Optional white space of a list (RFC 9110 5.6.3).
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
