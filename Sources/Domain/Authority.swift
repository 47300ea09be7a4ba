/// A host and a port, as a `Host` header and a web address say it: a name or an address, with or without a port (RFC 3986
/// 3.2.2). Whoever sends it may have made it up, so it must be one of these before any link or decision follows it.
package struct Authority: Sendable, Hashable {
    package enum Host: Sendable, Hashable {
        case address(ClientAddress)
        /// In lower case, without the dot that may stand at its end.
        case name(String)
    }

    package let host: Host
    package let port: Int?

    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), bytes[1..<end].contains(UInt8(ascii: ":")),
                let address = ClientAddress(String(decoding: bytes[1..<end], as: UTF8.self)), address.zone.isEmpty,
                let port = Self.port(bytes[(end + 1)...])
            else { return nil }
            host = .address(address)
            self.port = port.number
            return
        }
        let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard let port = Self.port(bytes[end...]) else { return nil }
        self.port = port.number
        var name = bytes[..<end]
        guard (1...253).contains(name.count), name.allSatisfy(Self.isOfName), name.first != UInt8(ascii: ".") else {
            return nil
        }
        if let address = ClientAddress(String(decoding: name, as: UTF8.self)) {
            host = .address(address)
            return
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        host = .name(String(decoding: name, as: UTF8.self).lowercased())
    }

    /// The port with its default, for `http` or `https`.
    package func port(of scheme: String) -> Int { port ?? (scheme == "https" ? 443 : 80) }

    /// Nothing, a colon alone, or a colon and a port; nil for anything else.
    private static func port(_ text: ArraySlice<UInt8>) -> (number: Int?, Void)? {
        if text.isEmpty || text.elementsEqual(":".utf8) { return (nil, ()) }
        let digits = text.dropFirst()
        guard text.first == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy({ (48...57).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(number)
        else { return nil }
        return (number, ())
    }

    private static func isOfName(_ byte: UInt8) -> Bool { byte.isLetterOrDigit || "_.-".utf8.contains(byte) }
}

extension Authority: CustomStringConvertible {
    package var description: String {
        let text =
            switch host {
            case .name(let name): name
            case .address(let address): address.bytes.count == 4 ? "\(address)" : "[\(address)]"
            }
        return text + (port.map { ":\($0)" } ?? "")
    }
}
