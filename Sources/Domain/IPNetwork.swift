#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An IPv4 or IPv6 address, or a network of them such as `10.0.0.0/8` (CIDR, RFC 4632 and 4291).
package struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    /// In network order: 4 bytes for IPv4, 16 for IPv6.
    private let address: [UInt8]
    /// Bits at the front that all addresses of the network have in common.
    package let prefixLength: Int

    /// Refuses a network with bits behind its prefix, because one of the two is a mistake then, and an IPv4 address in
    /// the clothes of IPv6 (`::ffff:10.0.0.1`), because it is written as IPv4.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = Self.bytes(parts[0]), Self.unmapped(address) == address else { return nil }
        let bits = address.count * 8
        let prefix = parts.count == 2 ? Int(parts[1]) : bits
        guard let prefix, (0...bits).contains(prefix), parts.count == 1 || parts[1] == "\(prefix)",
            Self.masked(address, to: prefix) == address
        else { return nil }
        self.address = address
        prefixLength = prefix
    }

    /// Whether an address belongs to it. What is no address does not, nor does one with a zone.
    ///
    /// A socket that listens for both kinds shows an IPv4 peer as `::ffff:10.0.0.1`; it counts as `10.0.0.1`.
    package func contains(_ text: String) -> Bool {
        guard let other = Self.bytes(text).map(Self.unmapped), other.count == address.count else { return false }
        return Self.masked(other, to: prefixLength) == address
    }

    package var description: String {
        prefixLength == address.count * 8 ? addressText : "\(addressText)/\(prefixLength)"
    }

    private var addressText: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(address.count == 4 ? AF_INET : AF_INET6, address, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    /// The IPv4 address in a mapped one (RFC 4291 2.5.5.2), else the same.
    private static func unmapped(_ address: [UInt8]) -> [UInt8] {
        let mark = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return address.count == 16 && address.starts(with: mark) ? Array(address.suffix(4)) : address
    }

    private static func masked(_ address: [UInt8], to prefix: Int) -> [UInt8] {
        address.enumerated().map { place, byte in
            let bits = min(max(prefix - place * 8, 0), 8)
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
    }
}
