/// What one session may use of its host's disk, all its disks and CDs together. Zero is no limit.
package struct DiskRate: Sendable, Hashable {
    /// MiB in a second, read and written.
    package var mebibytes: Int
    /// Reads and writes in a second.
    package var operations: Int

    package init(mebibytes: Int = 0, operations: Int = 0) {
        self.mebibytes = mebibytes
        self.operations = operations
    }

    package static let unlimited = DiskRate()

    private static let group = "rate"

    /// QEMU's options before those of the disks (qemu(1), throttle-group). A second's worth may come in a burst.
    var arguments: [String] {
        if self == .unlimited { return [] }
        var words = ["throttle-group", "id=\(Self.group)"]
        if mebibytes > 0 {
            words += [
                "x-bps-total=\(mebibytes << 20)", "x-bps-total-max=\(mebibytes << 21)", "x-bps-total-max-length=1",
            ]
        }
        if operations > 0 {
            words += ["x-iops-total=\(operations)", "x-iops-total-max=\(2 * operations)", "x-iops-total-max-length=1"]
        }
        return ["-object", words.joined(separator: ",")]
    }

    /// The name of the node of a disk's format, where `node` is what its device uses.
    func format(of node: String) -> String { self == .unlimited ? node : "\(node)-format" }

    /// What stands between both.
    func filter(_ node: String) -> [String] {
        if self == .unlimited { return [] }
        return ["-blockdev", "driver=throttle,throttle-group=\(Self.group),file=\(format(of: node)),node-name=\(node)"]
    }
}
