import Foundation
import Glibc
import Processes

/// What it costs to put a boot script into a session's disk by libguestfs: the same small disk with and without it, turn by turn.
struct FirstBootBenchmark {
    static let (plain, changed) = ("disk.raw", "firstboot.raw")
    private static let runs = 3
    private var without = Samples()
    private var with = Samples()

    /// Where `make test` puts libguestfs's own system. A host with a kernel in /boot makes its own at the first session.
    private static let appliance = FileManager.default.currentDirectoryPath + "/.build/guest-appliance"

    /// Why it can't be measured here; nil if it can.
    static var obstacle: String? {
        for (program, package) in [
            ("virt-customize", "guestfs-tools"), ("mke2fs", "e2fsprogs"), ("busybox", "busybox-static"),
        ] where Programs.find(program) == nil { return "apt-get install \(package)" }
        return Files.exists("\(appliance)/made-by")
            || !Files.names(in: "/boot").filter { $0.hasPrefix("vmlinuz") }.isEmpty
            ? nil : "scripts/setup test makes libguestfs's system"
    }

    /// Makes the disk, of which libguestfs thinks that it is an installed Debian.
    /// - Returns: The sections of both machines.
    static func prepare(_ workspace: Workspace) async throws -> String {
        let root = try workspace.makeDirectory("linux")
        for name in ["bin", "dev", "etc/systemd/system", "proc", "root", "tmp", "usr/bin", "usr/lib", "var/lib"] {
            try Files.makeDirectory("\(root)/\(name)")
        }
        for (name, text) in [
            ("os-release", "ID=debian\nVERSION_ID=\"12\"\nNAME=Debian\n"), ("debian_version", "12.0\n"), ("fstab", ""),
            ("passwd", "root::0:0::/root:/bin/sh\n"), ("hostname", "a\n"),
        ] { try Files.write(text, to: "\(root)/etc/\(name)") }
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(root)/bin/busybox")
        try Files.link("\(root)/bin/sh", to: "busybox")
        let disk = "\(workspace.machines)/\(plain)"
        let made = try await ForegroundProcess.run(
            Program("mke2fs", ["-q", "-t", "ext4", "-d", root, disk, "64M"], package: "e2fsprogs"), limit: .seconds(60))
        guard made.isSuccess else { throw BenchError("mke2fs: \(made.message)") }
        // Ext4 leaves the first sector alone: one that the firmware starts, and that stands still.
        let file = try FileHandle(forWritingTo: URL(filePath: disk))
        try file.write(contentsOf: [0xEB, 0xFE] + Data(count: 508) + [0x55, 0xAA])
        try file.close()
        try Files.link("\(workspace.machines)/\(changed)", to: disk)
        // libguestfs looks into it as the session's user.
        for path in [workspace.directory, workspace.machines] { chmod(path, 0o711) }
        chmod(disk, 0o644)
        if Files.exists("\(appliance)/made-by") {
            try Files.link("\(try workspace.makeDirectory("state"))/appliance", to: appliance)
        }
        return "[\(plain)]\ninject=none\n[\(changed)]\ninject=firstboot\n"
    }

    mutating func run(_ client: SessionClient) async throws {
        for turn in 0...Self.runs {
            let one = try await ClickBenchmark.click(client, machine: Self.plain).frame
            let other = try await ClickBenchmark.click(client, machine: Self.changed).frame
            if turn == 0 { continue }
            without.add(one.milliseconds)
            with.add(other.milliseconds)
        }
    }

    func print() {
        Figure.print(
            "script_by_firstboot", with.median - without.median, "ms",
            note: "more until the first frame of a disk of 64 MiB; \(Self.runs) runs, \(with.range)")
    }
}
