/// Format of a machine's disk file. The raw values are what QEMU and qemu-img call them.
package enum DiskFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case qcow2, raw, vdi, vmdk, vpc, vhdx, qed

    /// The format for what a person writes in a catalogue: QEMU's own name or the usual file extension.
    init?(written name: String) {
        switch name.lowercased() {
        case "vhd": self = .vpc
        case "img", "dd", "bin": self = .raw
        case let name: self.init(rawValue: name)
        }
    }

    /// The format that a file's extension promises, or nil if it promises none.
    init?(extensionOf path: String) {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
        self.init(written: String(path[path.index(after: dot)...]))
    }
}
