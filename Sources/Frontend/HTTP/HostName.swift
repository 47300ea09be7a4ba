/// The syntax of a `Host` header: a name or an address, with or without a port. Whoever sends it may have made it up, so
/// it must be one of these before any link or decision follows it.
enum HostName {
    static func isValid(_ text: String) -> Bool {
        var name = text[...]
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return false }
            let address = text[text.index(after: text.startIndex)..<end]
            guard (2...45).contains(address.utf8.count), address.utf8.allSatisfy(isOfIPv6) else { return false }
            return isPort(text[text.index(after: end)...])
        }
        if let colon = text.firstIndex(of: ":") {
            guard isPort(text[colon...]) else { return false }
            name = text[..<colon]
        }
        return (1...253).contains(name.utf8.count) && name.utf8.allSatisfy(isOfName)
            && name.utf8.first != UInt8(ascii: ".")
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        guard text.first == ":", let port = MemoryText.number(text.dropFirst(), digits: 5) else { return false }
        return (1...65_535).contains(port)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        FieldReader.isOfName(byte) && byte != UInt8(ascii: "@")
    }

    private static func isOfIPv6(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
