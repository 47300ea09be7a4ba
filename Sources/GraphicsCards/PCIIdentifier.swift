/// Who made a PCI device, and which of theirs it is: `10de:1b80`.
package struct PCIIdentifier: Hashable, Sendable, Codable {
    package let vendor: UInt16
    package let device: UInt16

    package init(vendor: UInt16, device: UInt16) {
        self.vendor = vendor
        self.device = device
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard
            parts.count == 2,
            let vendor: UInt16 = Hexadecimal.number(parts[0], digits: 4...4),
            let device: UInt16 = Hexadecimal.number(parts[1], digits: 4...4)
        else { return nil }
        self.init(vendor: vendor, device: device)
    }
}

extension PCIIdentifier: CustomStringConvertible, Comparable {
    package var description: String {
        "\(Hexadecimal.text(vendor, digits: 4)):\(Hexadecimal.text(device, digits: 4))"
    }

    package static func < (a: PCIIdentifier, b: PCIIdentifier) -> Bool {
        (a.vendor, a.device) < (b.vendor, b.device)
    }
}

enum Hexadecimal {
    /// - Parameter digits: How many there may be. A sign, which Swift would take, is refused.
    static func number<Number: FixedWidthInteger>(_ text: Substring, digits: ClosedRange<Int>) -> Number? {
        guard digits.contains(text.count), text.allSatisfy(\.isHexDigit) else { return nil }
        return Number(text, radix: 16)
    }

    /// - Parameter digits: How many there are at least.
    static func text(_ number: some BinaryInteger, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
