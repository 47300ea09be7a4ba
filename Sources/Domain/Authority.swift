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

    package init(host: Host, port: Int?) {
        self.host = host
        self.port = port
    }

    /// - Parameter isOfListener: Whether it says where to listen: port 0 is any free one then, and an address may have a zone
    ///   (`fe80::1%eth0`, RFC 4007).
    package init?(_ text: some StringProtocol, isOfListener: Bool = false) {
        let bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), bytes[1..<end].contains(UInt8(ascii: ":")),
                let address = ClientAddress(String(decoding: bytes[1..<end], as: UTF8.self)),
                address.zone.isEmpty || isOfListener,
                let port = Self.port(bytes[(end + 1)...], least: isOfListener ? 0 : 1)
            else { return nil }
            host = .address(address)
            self.port = port.number
            return
        }
        let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard let port = Self.port(bytes[end...], least: isOfListener ? 0 : 1) else { return nil }
        self.port = port.number
        var name = bytes[..<end]
        if let address = ClientAddress(String(decoding: name, as: UTF8.self)) {
            host = .address(address)
            return
        }
        guard (1...253).contains(name.count), name.allSatisfy(Self.isOfName), name.first != UInt8(ascii: ".") else {
            return nil
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        guard !isOfListener || Self.isName(name) else { return nil }
        host = .name(String(decoding: name, as: UTF8.self).lowercased())
    }

    /// Whether it means this computer to whoever reads it, wherever that is: a loopback address, `localhost`, or the address that
    /// stands for all.
    package var leadsOnlyHere: Bool {
        switch host {
        case .name(let name): name == "localhost" || name.hasSuffix(".localhost")
        case .address(let address): address.isLoopback || address.bytes.allSatisfy { $0 == 0 }
        }
    }

    /// The port with its default, for `http` or `https`.
    package func port(of scheme: String) -> Int { port ?? (scheme == "https" ? 443 : 80) }

    /// The host alone, as functions of the system take it: an IPv6 address without brackets.
    package var hostText: String {
        switch host {
        case .name(let name): name
        case .address(let address): "\(address)"
        }
    }

    /// Nothing, a colon alone, or a colon and a port; nil for anything else.
    private static func port(_ text: ArraySlice<UInt8>, least: Int) -> (number: Int?, Void)? {
        if text.isEmpty || text.elementsEqual(":".utf8) { return (nil, ()) }
        let digits = text.dropFirst()
        guard text.first == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy({ (48...57).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), (least...65_535).contains(number)
        else { return nil }
        return (number, ())
    }

    private static func isOfName(_ byte: UInt8) -> Bool { byte.isLetterOrDigit || "_.-".utf8.contains(byte) }

    /// Whether its host is an address, or a name that a host could have. What a `Host` says may be any word.
    package var isOfHost: Bool {
        guard case .name(let name) = host else { return true }
        return Self.isName(name.utf8)
    }

    /// Labels of 1 to 63 letters, digits, `-` and `_`, without `-` at their ends, and not a text of digits and dots, which
    /// could only be an address (RFC 1123 2.1).
    package static func isName(_ text: some Collection<UInt8>) -> Bool {
        (1...253).contains(text.count) && !text.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) }
            && text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                let ends = [label.first, label.suffix(1).first]
                return (1...63).contains(label.count) && !ends.contains(UInt8(ascii: "-"))
                    && label.allSatisfy { isOfName($0) }
            }
    }
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
