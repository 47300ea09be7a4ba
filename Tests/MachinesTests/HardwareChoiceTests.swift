@testable import Catalogue
import Domain
import Foundation
import Testing

/// What is chosen for a guest where its section says nothing: the side that starts.
struct `The hardware of a machine of which its section says nothing` {
    private func choose(_ bytes: [UInt8], _ name: String, _ lines: [String] = []) throws -> (Catalogue, Machine?) {
        let kitchen = try ImageKitchen()
        try kitchen.write(name, bytes)
        let conf = try kitchen.write("machines.conf", Array("[\(name)]\n\(lines.joined(separator: "\n"))\n".utf8))
        let catalogue = Catalogue.load(files: [conf], directory: kitchen.directory)
        return (catalogue, catalogue.machine(named: name))
    }

    private static func disk(_ types: [String], code: UInt8 = 0, attributes: UInt64 = 0) -> [UInt8] {
        var disk = DiskBytes.gpt(sectors: 4096, last: 100)
        disk[0] = code
        for (index, type) in types.enumerated() {
            let parts = type.split(separator: "-").map { UInt64($0, radix: 16) ?? 0 }
            let bytes =
                DiskBytes.little(parts[0], 4) + DiskBytes.little(parts[1], 2) + DiskBytes.little(parts[2], 2)
                + DiskBytes.big(parts[3], 2) + DiskBytes.big(parts[4], 6)
            disk.put(bytes, at: 1024 + index * 128)
            disk.put(DiskBytes.little(UInt64(200 + index * 100), 8), at: 1024 + index * 128 + 32)
            disk.put(DiskBytes.little(UInt64(299 + index * 100), 8), at: 1024 + index * 128 + 40)
            disk.put(DiskBytes.little(attributes, 8), at: 1024 + index * 128 + 48)
        }
        return disk
    }

    private static let efi = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
    private static let biosBoot = "21686148-6449-6E6F-744E-656564454649"
    private static let linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
    private static let rootAMD64 = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
    private static let rootARM64 = "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"
    private static let reserved = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"

    @Test func `starts everything: nothing known means sata and e1000e`() throws {
        let hardware = try #require(try choose(DiskBytes.mbr(), "old.img").1).hardware
        #expect(hardware.diskBus == .sata && hardware.networkCard == .e1000 && hardware.firmware == .bios)
        #expect(hardware.machineType == "pc" && hardware.clock == .utc && !hardware.tpm)
    }

    @Test(arguments: [
        ([efi, linux], 0, 0, MachineHardware.Firmware.uefi, MachineHardware.DiskBus.sata),
        ([efi, biosBoot, linux], 0, 0, .bios, .sata), ([efi, linux], 0xEB, 0, .uefi, .sata),
        ([linux], 0xEB, 0, .bios, .sata), ([efi, linux], 0, 4, .bios, .sata),
        ([biosBoot, efi, rootAMD64], 0, 0, .bios, .virtio), ([efi, rootAMD64], 0, 0, .uefi, .virtio),
    ])
    func `follows the partitions`(
        types: [String], code: UInt8, attributes: UInt64, firmware: MachineHardware.Firmware,
        bus: MachineHardware.DiskBus
    ) throws {
        let (catalogue, machine) = try choose(Self.disk(types, code: code, attributes: attributes), "disk.img")
        let hardware = try #require(machine, "\(catalogue.warnings)").hardware
        #expect(hardware.firmware == firmware)
        #expect(hardware.diskBus == bus && hardware.networkCard == (bus == .virtio ? .virtio : .e1000))
        #expect(hardware.machineType == (firmware == .bios ? "pc" : "q35"))
    }

    @Test func `keeps Windows' clock, and says why`() throws {
        let machine = try #require(try choose(Self.disk([Self.efi, Self.reserved]), "windows.img").1)
        #expect(machine.hardware.clock == .localtime && machine.hardware.firmware == .uefi)
        #expect(machine.parts.first { $0.key == "clock" }?.reason.contains("Windows") == true)
        #expect(
            Set(machine.parts.map(\.key)).isSuperset(of: ["arch", "firmware", "disk_bus", "network_card", "video"]))
    }

    @Test func `a disk is a Windows if nothing of it is a Linux`() throws {
        let rest = [UInt8](repeating: 0, count: 128 * 512)
        let tables = [
            (Self.disk([Self.efi, Self.reserved]), BootSurvey.System.windows),
            (Self.disk([Self.efi, Self.reserved, Self.linux]), .unknown),
            (Self.disk([Self.efi, Self.linux]), .unknown),
            (Self.disk([Self.efi, Self.rootAMD64]), .linux), (DiskBytes.mbr([(7, 64, 8)]) + rest, .windows),
            (DiskBytes.mbr([(7, 64, 8), (0x83, 72, 8)]) + rest, .unknown),
        ]
        for (index, (disk, system)) in tables.enumerated() {
            let machine = try #require(try choose(disk, "disk.img").1)
            #expect(machine.system == system, "\(index)")
        }
    }

    @Test func `is for the processor that its loader is for`() throws {
        var disk = Self.disk([Self.efi, Self.linux])
        disk.put(Array("BOOTAA64EFI".utf8), at: 210 * 512)
        #expect(try choose(disk, "arm.img").1?.hardware.architecture == .arm64)
        #expect(try choose(Self.disk([Self.efi, Self.rootARM64]), "arm.img").1?.hardware.machineType == "virt")
        disk.put(Array("BOOTX64 EFI".utf8), at: 210 * 512)
        #expect(try choose(disk, "pc.img").1?.hardware.architecture == .amd64)
    }

    @Test func `follows what starts a CD`() throws {
        var disc = DiskBytes.cd
        disc.put([0xEF], at: 19 * 2048 + 1)
        let hardware = try #require(try choose(disc, "uefi.iso").1).hardware
        #expect(hardware.firmware == .uefi && hardware.machineType == "q35")
        #expect(try choose(DiskBytes.cd, "bios.iso").1?.hardware.firmware == .bios)
        // A section for UEFI behind the first entry.
        var both = DiskBytes.cd
        both.put([0x91, 0xEF, 1, 0], at: 19 * 2048 + 64)
        both.put([0x88, 0, 0, 0, 0, 0, 1, 0, 20, 0, 0, 0], at: 19 * 2048 + 96)
        #expect(try choose(both, "both.iso").1?.hardware.firmware == .bios)
    }

    @Test(arguments: ["qcow2", "vmdk", "vdi", "vhdx", "qed"])
    func `is found however far behind its beginning that stands`(format: String) throws {
        let kitchen = try ImageKitchen()
        // The desktop that we build: its second partition begins after 49 MiB.
        var disk = [UInt8](repeating: 0, count: 64 << 20)
        disk.put([0xEB, 0x3C], at: 0)
        disk.put([0x83] + DiskBytes.little(0, 3) + DiskBytes.little(100_352, 4) + DiskBytes.little(20_000, 4), at: 450)
        disk.put([0x55, 0xAA], at: 510)
        disk.put([0x53, 0xEF], at: 100_352 * 512 + 1024 + 56)
        disk.put(Array("qwd-desktop".utf8), at: 100_352 * 512 + 1024 + 120)
        let raw = try kitchen.write("raw", disk)
        let path = kitchen.path("desktop.\(format)")
        try kitchen.run("qemu-img", ["convert", "-f", "raw", "-O", format, raw, path])
        let machine = try Machine(file: path)
        #expect(machine.hardware.diskBus == .virtio && machine.hardware.networkCard == .virtio)
        // A loader for UEFI in a partition that begins as far behind.
        var uefi = Self.disk([Self.efi]) + [UInt8](repeating: 0, count: 40 << 20)
        uefi.put(DiskBytes.little(60_000, 8), at: 1024 + 32)
        uefi.put(DiskBytes.little(70_000, 8), at: 1024 + 40)
        uefi.put(Array("BOOTAA64EFI".utf8), at: 60_000 * 512 + 4096)
        let other = kitchen.path("uefi.\(format)")
        try kitchen.run("qemu-img", ["convert", "-f", "raw", "-O", format, try kitchen.write("raw2", uefi), other])
        #expect(try Machine(file: other).hardware.architecture == .arm64)
    }

    @Test func `is looked at inside of its format`() throws {
        let kitchen = try ImageKitchen()
        let raw = try kitchen.write("disk.img", Self.disk([Self.efi, Self.rootAMD64]))
        for format in ["qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed"] {
            let path = kitchen.path("disk.\(format)")
            try kitchen.run("qemu-img", ["convert", "-f", "raw", "-O", format, raw, path])
            let survey = try ImageKitchen.inspect(path).survey
            #expect(survey.byUEFI && !survey.byBIOS && survey.system == .linux, "\(format): \(survey)")
        }
    }

    @Test(arguments: [
        (["disk_bus=floppy"], "auto, virtio, sata, ide, scsi, nvme"), (["firmware=coreboot"], "bios, uefi, secure"),
        (["disk_bus=ide", "machine_type=q35"], "disk_bus=sata"), (["tpm=maybe"], "yes or no"),
        (["cpu_model=host,migratable=/etc/passwd"], "-cpu help"), (["machine_type=pc,kernel=x"], "-machine help"),
        (["machine_type=microvm"], "pc or q35"), (["firmware=secure", "machine_type=pc"], "Leave machine_type out"),
        (["cpu_model=help"], "-cpu help"), (["users=,"], "leave the line out"), (["users= ;, "], "leave the line out"),
        (["users: ann"], "Correct the line"), (["users ann"], "Correct the line"),
        (["\u{200B}users=ann"], "users= or groups="),
        (["users=ann", "users=bob"], "Remove one"), (["title=drive C:\\", "users ann"], "Correct the line"),
        (["ready=soon"], "serial TEXT"), (["users="], "leave the line out"), (["user=bob"], "users= or groups="),
        (["sha256=abc"], "64 hexadecimal digits"), (["cpu=4", "cpu_max=2"], "leave one out"),
    ])
    func `what can't be is named with its line and its way out, and lets nobody in`(lines: [String], advice: String)
        throws
    {
        let (catalogue, machine) = try choose(DiskBytes.mbr(), "disk.img", lines)
        #expect(machine == nil)
        let warning = try #require(catalogue.warnings.first)
        #expect(warning.advice.contains(advice) && (warning.line ?? 0) >= 2, "\(warning)")
    }

    @Test func `a backslash at the end of a line takes no key and no section away`() throws {
        let (catalogue, machine) = try choose(
            DiskBytes.mbr(), "disk.img", ["title=drive C:\\", "users=ann", "description=one \\", "  and two"])
        #expect(machine?.title == "drive C:\\" && machine?.users == ["ann"] && machine?.description == "one and two")
        #expect(catalogue.warnings.isEmpty)
        let kitchen = try ImageKitchen()
        let conf = try kitchen.write("machines.conf", Array("[a.img]\ntitle=x\\\n[b.img]\nusers=ann\n".utf8))
        for name in ["a.img", "b.img"] { try kitchen.write(name, DiskBytes.mbr()) }
        let two = Catalogue.load(files: [conf], directory: kitchen.directory)
        #expect(two.machines.map(\.name) == ["a.img", "b.img"])
    }

    @Test func `a section that is there twice opens nothing that one of them keeps shut`() throws {
        let kitchen = try ImageKitchen()
        try kitchen.write("a.img", DiskBytes.mbr())
        let conf = try kitchen.write("machines.conf", Array("[a.img]\nusers=ann\n[a.img]\ntitle=Open\n".utf8))
        let catalogue = Catalogue.load(files: [conf], directory: kitchen.directory)
        #expect(catalogue.machines.isEmpty && catalogue.warnings.contains { $0.problem.contains("there twice") })
    }

    @Test(arguments: ["format=zip", "cdrom=nofile.iso", "cdrom=a.img", "disk_buss=ide", "disk2=b.img,b.img"])
    func `a mistake of any kind keeps what was`(line: String) throws {
        let kitchen = try ImageKitchen()
        for name in ["a.img", "b.img"] { try kitchen.write(name, DiskBytes.mbr()) }
        let conf = try kitchen.write("machines.conf", Array("[a.img]\ndisk_bus=ide\n".utf8))
        let reader = CatalogueReader(files: [conf], directory: kitchen.directory)
        #expect(reader.load().machine(named: "a.img")?.hardware.diskBus == .ide)
        try kitchen.write("machines.conf", Array("[a.img]\ndisk_bus=ide\n\(line)\n".utf8))
        let catalogue = reader.load()
        #expect(catalogue.machine(named: "a.img")?.hardware.diskBus == .ide, "\(catalogue.warnings)")
        #expect(!catalogue.warnings.isEmpty)
    }

    @Test func `a slip of the pen keeps the machine as it was, and leaves the others`() throws {
        let kitchen = try ImageKitchen()
        try kitchen.write("a.img", DiskBytes.mbr())
        try kitchen.write("b.img", DiskBytes.mbr())
        func write(_ text: String) throws -> String { try kitchen.write("machines.conf", Array(text.utf8)) }
        let conf = try write("[a.img]\ndisk_bus=ide\nusers=ann\n[b.img]\n")
        let reader = CatalogueReader(files: [conf], directory: kitchen.directory)
        #expect(reader.load().machine(named: "a.img")?.hardware.diskBus == .ide)
        _ = try write("[a.img]\ndisk_bus=idee\nusers=ann\n[b.img]\ntitle=B\n")
        let slipped = reader.load()
        #expect(slipped.machine(named: "a.img")?.hardware.diskBus == .ide)
        #expect(slipped.machine(named: "b.img")?.title == "B" && slipped.warnings.map(\.line) == [2])
        _ = try write("[a.img]\nuser=ann\n[b.img]\n")
        // Who may have it is no slip of the pen: nobody, until it is understood.
        #expect(reader.load().machine(named: "a.img") == nil)
        _ = try write("[a.img]\ndisk_bus=nvme\n[b.img]\n")
        let mended = reader.load()
        #expect(mended.machine(named: "a.img")?.hardware.diskBus == .nvme && mended.warnings.isEmpty)
        _ = try write("[b.img]\n")
        #expect(reader.load().machine(named: "a.img") == nil)
    }
}

/// Partition tables that nobody made on purpose.
struct `A partition table of extremes` {
    @Test func `ends nothing`() throws {
        let extremes: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, (1 << 55) + 1, 1 << 53, 0xFFFF_FFFF]
        let kitchen = try ImageKitchen()
        var random = SeededGenerator(state: 11)
        for _ in 0..<3000 {
            var head = DiskBytes.gpt(sectors: 64, last: 40)
            let guid = Array<UInt8>([
                0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
            ])
            head.put(guid, at: 1024)
            for place in [512 + 72, 512 + 80, 512 + 84, 1024 + 32, 1024 + 40, 1024 + 48]
            where Bool.random(using: &random) {
                head.put(DiskBytes.little(extremes.randomElement(using: &random) ?? 0, 8), at: place)
            }
            let bytes = head
            // As a guest's disk, whose table nobody has checked before.
            _ = try BootSurvey { offset, count throws(ImageError) in
                guard offset < UInt64(bytes.count) else { return nil }
                return ImageHeader(bytes: Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + Int(count))]))
            }
        }
        withExtendedLifetime(kitchen) {}
    }
}
