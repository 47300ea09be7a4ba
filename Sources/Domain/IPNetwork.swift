/// An IPv4 or IPv6 address, or a network of them such as `10.0.0.0/8` (CIDR, RFC 4632 and 4291).
package struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    /// In network order: 4 bytes for IPv4, 16 for IPv6.
    private let address: [UInt8]
    /// Bits at the front that all addresses of the network have in common.
    package let prefixLength: Int

    /// Refuses a network with bits behind its prefix, because one of the two is a mistake then, and an address in
    /// the IPv6 form of an IPv4 address (`::ffff:10.0.0.1`), because it is written as IPv4.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = ClientAddress.bytes(parts[0].utf8), ClientAddress.unmapped(address) == address else {
            return nil
        }
        let bits = address.count * 8
        let prefix = parts.count == 2 ? Int(parts[1]) : bits
        guard let prefix, (0...bits).contains(prefix), parts.count == 1 || parts[1] == "\(prefix)",
            Self.masked(address, to: prefix) == address
        else { return nil }
        self.address = address
        prefixLength = prefix
    }

    /// A network of these bytes: 4 for IPv4, 16 for IPv6. Bits behind the prefix are cleared.
    package init?(bytes: [UInt8], prefixLength: Int) {
        guard [4, 16].contains(bytes.count), (0...bytes.count * 8).contains(prefixLength) else { return nil }
        address = Self.masked(bytes, to: prefixLength)
        self.prefixLength = prefixLength
    }

    package var isIPv6: Bool { address.count == 16 }
    /// Whether it is one address only.
    package var isAddress: Bool { prefixLength == address.count * 8 }

    /// Whether an address belongs to it. One with a zone does not: the network says nothing of interfaces.
    package func contains(_ other: ClientAddress) -> Bool {
        other.zone.isEmpty && other.bytes.count == address.count
            && Self.masked(other.bytes, to: prefixLength) == address
    }

    /// The same for an address as it is written. What is no address does not belong to it.
    package func contains(_ text: String) -> Bool { ClientAddress(text).map(contains) ?? false }

    package var description: String {
        let text = ClientAddress.text(of: address)
        return isAddress ? text : "\(text)/\(prefixLength)"
    }

    private static func masked(_ address: [UInt8], to prefix: Int) -> [UInt8] {
        address.enumerated().map { place, byte in
            let bits = min(max(prefix - place * 8, 0), 8)
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
    }
}
