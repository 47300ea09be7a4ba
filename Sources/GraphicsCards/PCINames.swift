import Processes

/// What people call PCI devices, from the list that `pci.ids` of Debian, `lspci` and others have.
struct PCINames {
    private var vendors: [UInt16: String] = [:]
    private var devices: [PCIIdentifier: String] = [:]

    /// - Parameters:
    ///   - path: May be missing; then nothing has a name.
    ///   - wanted: The others are not kept, because the list has tens of thousands.
    init(_ path: String, of wanted: Set<PCIIdentifier>) {
        guard !wanted.isEmpty, let text = Files.read(path) else { return }
        let makers = Set(wanted.map(\.vendor))
        var vendor: UInt16?
        for line in text.split(separator: "\n") {
            // Classes come behind the devices, in lines of the same form.
            if line.hasPrefix("C ") { break }
            // Two tabs begin a variant of a device.
            if line.hasPrefix("#") || line.hasPrefix("\t\t") { continue }
            if line.hasPrefix("\t") {
                guard let vendor, let (device, name) = Self.entry(line.dropFirst()) else { continue }
                let identifier = PCIIdentifier(vendor: vendor, device: device)
                if wanted.contains(identifier) { devices[identifier] = name }
            } else {
                vendor = nil
                guard let (number, name) = Self.entry(line), makers.contains(number) else { continue }
                vendor = number
                vendors[number] = name
            }
        }
    }

    /// Four digits, two blanks, a name.
    private static func entry(_ line: Substring) -> (UInt16, String)? {
        guard let number: UInt16 = Hexadecimal.number(line.prefix(4), digits: 4...4) else { return nil }
        let name = line.dropFirst(4).drop(while: \.isWhitespace)
        return name.isEmpty ? nil : (number, String(name))
    }

    /// A name, or the numbers where nobody has given one.
    func name(of identifier: PCIIdentifier) -> String {
        guard let vendor = vendors[identifier.vendor] else { return "\(identifier)" }
        return "\(vendor) \(devices[identifier] ?? "\(identifier)")"
    }
}
