import Domain
import Processes

/// What the kernel says about devices. Any entry may be gone by the time it is read, and then it is nil or empty.
struct Sysfs {
    /// `/sys`, or a made-up one.
    let root: String

    static func place(of address: PCIAddress) -> String { "bus/pci/devices/\(address)" }

    /// The text of an attribute, without white space around it.
    func text(_ path: String) -> String? {
        Files.read("\(root)/\(path)")?.trimmed
    }

    /// A number such as `0x10de`.
    func hexadecimal<Number: FixedWidthInteger>(_ path: String) -> Number? {
        guard let text = text(path), text.hasPrefix("0x") else { return nil }
        return Hexadecimal.number(text.dropFirst(2), digits: 1...8)
    }

    func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }

    /// The name of what a link leads to: of a device's driver, or of its group.
    func link(_ path: String) -> String? {
        Files.target(of: "\(root)/\(path)")?.split(separator: "/").last.map(String.init)
    }

    func names(_ path: String) -> [String] { Files.names(in: "\(root)/\(path)").sorted() }

    /// The directory behind a link, as it is called below the root: `devices/pci0000:00/0000:00:02.0`.
    func real(_ path: String) -> String? {
        guard let base = Files.real(root), let real = Files.real("\(root)/\(path)") else { return nil }
        return real.hasPrefix(base + "/") ? String(real.dropFirst(base.count + 1)) : nil
    }
}
