import Foundation
import Processes

/// A disk that libguestfs takes for an installed Windows: NTFS, a registry, and the head of a cmd.exe.
struct WindowsDisk {
    let kitchen: ImageKitchen
    let path: String

    static let scripts = "/Program Files/Guestfs/Firstboot"
    private static let registry = "/Windows/System32/config"

    init(_ kitchen: ImageKitchen) throws {
        self.kitchen = kitchen
        path = kitchen.path("windows.img")
        try hive(
            "SOFTWARE", ["Microsoft", "Microsoft\\Windows NT", "Microsoft\\Windows NT\\CurrentVersion"],
            ["\"ProductName\"=\"Windows 10\"", "\"CurrentVersion\"=\"6.3\""])
        try hive(
            "SYSTEM", ["ControlSet001", "ControlSet001\\Control", "ControlSet001\\Services", "Select"],
            ["\"Current\"=dword:00000001"])
        try kitchen.write("cmd.exe", Self.program)
        try run([
            "sparse \(path) 64M", "run", "part-init /dev/sda mbr", "part-add /dev/sda p 2048 -2048",
            "part-set-mbr-id /dev/sda 1 7", "mkfs ntfs /dev/sda1", "mount /dev/sda1 /", "mkdir-p \(Self.registry)",
            "mkdir '/Program Files'", "upload \(kitchen.path("cmd.exe")) /Windows/System32/cmd.exe",
            "upload \(kitchen.path("SOFTWARE")) \(Self.registry)/SOFTWARE",
            "upload \(kitchen.path("SYSTEM")) \(Self.registry)/SYSTEM",
        ])
    }

    /// What a session's disk has of what libguestfs put there: the scripts by their names, and the services in the registry.
    func look(into overlay: String) throws -> (scripts: [(name: String, text: String)], services: String) {
        let place = kitchen.path("found")
        try Files.makeDirectory(place)
        try run([
            "add-drive \(overlay) format:qcow2 readonly:true", "run", "mount-ro /dev/sda1 /",
            "copy-out '\(Self.scripts)' \(Self.registry) \(place)",
        ])
        let directory = "\(place)/Firstboot/scripts"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        let services = try kitchen.run(
            "hivexregedit",
            ["--export", "--unsafe-printable-strings", "\(place)/config/SYSTEM", "\\ControlSet001\\Services"])
        return (names.map { ($0, Files.read("\(directory)/\($0)") ?? "") }, services)
    }

    private func run(_ commands: [String]) throws {
        try Files.write(commands.joined(separator: "\n") + "\n", to: kitchen.path("commands"))
        try kitchen.run(
            "LIBGUESTFS_PATH=\(LinuxGuest.appliance)",
            ["LIBGUESTFS_BACKEND=direct", "LIBGUESTFS_BACKEND_SETTINGS=force_tcg", "guestfish"]
                + ["--file", kitchen.path("commands")])
    }

    /// A registry's file with keys, of which the last one has values.
    private func hive(_ name: String, _ keys: [String], _ values: [String]) throws {
        try kitchen.write(name, Self.emptyHive)
        let text = keys.map { "\n[\\\($0)]\n" }.joined() + values.joined(separator: "\n") + "\n"
        try Files.write("Windows Registry Editor Version 5.00\n" + text, to: kitchen.path("\(name).reg"))
        try kitchen.run("hivexregedit", ["--merge", kitchen.path(name), kitchen.path("\(name).reg")])
    }

    /// One key without a name's worth, and a security descriptor that new keys share, in one block (`regf`, `hbin`, `nk`, `sk`).
    private static var emptyHive: [UInt8] {
        var hive = [UInt8](repeating: 0, count: 8192)
        func put(_ text: String, _ numbers: [UInt64], at place: Int) {
            hive.put(Array(text.utf8), at: place)
            for (index, number) in numbers.enumerated() {
                hive.put(DiskBytes.little(number, 4), at: place + text.utf8.count + index * 4)
            }
        }
        let (none, key, security) = (UInt64(UInt32.max), 4096 + 32, 4096 + 128)
        put("regf", [1, 1, 0, 0, 1, 3, 0, 1, 32, 4096, 1], at: 0)
        put("hbin", [0, 4096], at: 4096)
        put("", [UInt64(UInt32.max) - 95], at: key)
        hive.put(Array("nk".utf8) + DiskBytes.little(0x2C, 2), at: key + 4)
        put("", [0, 0, 0, 0, 0, 0, none, none, 0, none, 128, none, 0, 0, 0, 0, 0, 4], at: key + 8)
        hive.put(Array("ROOT".utf8), at: key + 80)
        put("", [UInt64(UInt32.max) - 63], at: security)
        hive.put(Array("sk".utf8), at: security + 4)
        put("", [128, 128, 1, 20, 0x8000_0001], at: security + 8)
        put("", [4096 - 192], at: 4096 + 192)
        let sum = (0..<127).reduce(UInt64(0)) { $0 ^ DiskBytes.number(hive[$1 * 4..<$1 * 4 + 4]) }
        hive.put(DiskBytes.little(sum, 4), at: 508)
        return hive
    }

    /// The head of a program for 64 bits, by which libguestfs tells the processor.
    private static var program: [UInt8] {
        var head = [UInt8](repeating: 0, count: 512)
        head.put(Array("MZ".utf8), at: 0)
        for (number, place) in [(0x40, 24), (0x80, 60), (0x8664, 132), (1, 134), (0xF0, 148), (0x22, 150)] {
            head.put(DiskBytes.little(UInt64(number), 2), at: place)
        }
        head.put(Array("PE".utf8), at: 128)
        head.put(DiskBytes.little(0x20B, 2), at: 152)
        head.put(DiskBytes.little(3, 2), at: 152 + 68)
        return head
    }
}
