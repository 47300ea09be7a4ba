/// Where a function of a PCI device is: `0000:01:00.0`. Nothing else ever becomes part of a path or an argument.
package struct PCIAddress: Hashable, Sendable {
    /// Four digits, or more where a controller such as Intel's VMD makes domains of its own.
    package let domain: UInt32
    package let bus: UInt8
    /// At most 31.
    package let slot: UInt8
    /// At most 7.
    package let function: UInt8

    /// Reads what `lspci` and sysfs write. Without a domain it is domain 0, which `lspci` leaves out.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        let last = parts[parts.count - 1].split(separator: ".", omittingEmptySubsequences: false)
        guard
            let domain: UInt32 = parts.count == 2 ? 0 : Hexadecimal.number(parts[0], digits: 4...8),
            let bus: UInt8 = Hexadecimal.number(parts[parts.count - 2], digits: 2...2),
            last.count == 2,
            let slot: UInt8 = Hexadecimal.number(last[0], digits: 2...2), slot <= 31,
            let function: UInt8 = Hexadecimal.number(last[1], digits: 1...1), function <= 7
        else { return nil }
        (self.domain, self.bus, self.slot, self.function) = (domain, bus, slot, function)
    }

    /// Whether both are functions of one device.
    package func isSameDevice(as other: PCIAddress) -> Bool {
        (domain, bus, slot) == (other.domain, other.bus, other.slot)
    }
}

extension PCIAddress: CustomStringConvertible {
    package var description: String {
        let (domain, bus) = (Hexadecimal.text(domain, digits: 4), Hexadecimal.text(bus, digits: 2))
        return "\(domain):\(bus):\(Hexadecimal.text(slot, digits: 2)).\(function)"
    }
}

extension PCIAddress: Comparable {
    package static func < (a: PCIAddress, b: PCIAddress) -> Bool {
        (a.domain, a.bus, a.slot, a.function) < (b.domain, b.bus, b.slot, b.function)
    }
}

extension PCIAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = PCIAddress(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no PCI address")
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
