#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The IP address of a client, by its bytes: two spellings of one address are the same value.
///
/// An IPv4 address in an IPv6 one (`::ffff:10.0.0.1`, RFC 4291 2.5.5.2), as a socket for both kinds shows it, is the IPv4
/// address.
package struct ClientAddress: Sendable, Hashable, CustomStringConvertible {
    /// In network order: 4 bytes for IPv4, 16 for IPv6.
    package let bytes: [UInt8]
    /// The interface of a link-local IPv6 address (RFC 4007), mostly empty.
    package let zone: String

    /// An address alone, without brackets or port.
    ///
    /// IPv4 is four decimal numbers without leading zeros: what C's `inet_aton` takes besides (`0x7f.1`, `127.1`, octal)
    /// would be read differently by different programs.
    package init?<Text: StringProtocol>(_ text: Text) {
        // The longest address has 45 bytes and the longest zone 15 (IFNAMSIZ of linux/if.h).
        guard (2...61).contains(text.utf8.count) else { return nil }
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(parts[0]) else { return nil }
        if parts.count > 1 {
            guard parts.count == 2, bytes.count == 16, (1...15).contains(parts[1].count),
                parts[1].allSatisfy(Self.isOfInterface)
            else { return nil }
        }
        self.bytes = Self.unmapped(bytes)
        zone = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
    }

    /// - Parameter bytes: 4 or 16, in network order.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = Self.unmapped(bytes)
        zone = ""
    }

    /// What attempts from here are counted by: an IPv4 address, or the first 64 bits of an IPv6 one, because that much is
    /// what one customer or one machine gets, with 2^64 addresses to choose from.
    package var throttleKey: String {
        bytes.count == 4
            ? Self.text(of: bytes) : Self.text(of: bytes.prefix(8) + [UInt8](repeating: 0, count: 8)) + "/64"
    }

    /// Whether it is of this machine: 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// The one way in which it is written (RFC 5952).
    package var description: String { Self.text(of: bytes) + (zone.isEmpty ? "" : "%\(zone)") }

    static func text(of bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The bytes of an address as it is written; a mapped one stays 16 bytes long.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        // `inet_pton` ends at a zero byte, so nothing else than these may get there.
        guard (2...45).contains(text.count), text.allSatisfy(isOfAddress) else { return nil }
        let text = String(decoding: text, as: UTF8.self)
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    static func unmapped(_ address: [UInt8]) -> [UInt8] {
        let mark = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return address.count == 16 && address.starts(with: mark) ? Array(address.suffix(4)) : address
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isOfInterface(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
