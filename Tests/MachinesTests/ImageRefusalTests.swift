@testable import Catalogue
import Foundation
import Processes
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.find("qemu-img") != nil))
struct `A file that is no whole disk` {
    private let kitchen: ImageKitchen
    init() throws { kitchen = try ImageKitchen() }

    @Test(
        arguments: RefusedImages.qcow2 + RefusedImages.vmdk + RefusedImages.vhd + RefusedImages.vhdx + RefusedImages.vdi
            + RefusedImages.qed + RefusedImages.raw + RefusedImages.cd + RefusedImages.foreign)
    func `is refused with its reason, whatever its section states`(image: ImageCase) throws {
        let path = try kitchen.write(image.name, image.make(kitchen))
        for stated in [nil, "iso"] + DiskFormat.allCases.map(\.rawValue) {
            let problem = #expect(throws: ImageError.self, "\(stated ?? "nothing") is stated") {
                try ImageKitchen.inspect(path).resolved(stated: stated, path: path)
            }
            guard let problem else { continue }
            #expect(!problem.advice.isEmpty)
            if stated == nil { #expect(problem.problem.contains(image.reason), "\(problem)") }
        }
    }
}

enum RefusedImages {
    static let qcow2: [ImageCase] = [
        ImageCase("overlay.qcow2", "based on another") { kitchen in
            try kitchen.write("base.qcow2", kitchen.create("qcow2"))
            return try kitchen.create("qcow2", "-b", "base.qcow2", "-F", "qcow2")
        },
        ImageCase("old-overlay.qcow2", "based on another") { kitchen in
            try kitchen.write("base.qcow2", kitchen.create("qcow2"))
            return try kitchen.create("qcow2", "-o", "compat=0.10", "-b", "base.qcow2", "-F", "qcow2")
        },
        patched("name-without-length.qcow2", "based on another", "qcow2", [(8, DiskBytes.big(0x200, 8))]),
        patched("length-without-name.qcow2", "based on another", "qcow2", [(16, DiskBytes.big(9, 4))]),
        patched("format-of-a-base.qcow2", "based on another", "qcow2", [(104 + 8, DiskBytes.big(0xE279_2ACA, 4))]),
        ImageCase("outside.qcow2", "other files") { try $0.create("qcow2", "-o", "data_file=outside.bin") },
        patched("data-file-bit.qcow2", "other files", "qcow2", [(79, [4])]),
        patched("data-file-name.qcow2", "other files", "qcow2", [(104 + 8, DiskBytes.big(0x4441_5441, 4))]),
        patched("dirty.qcow2", "not closed", "qcow2", [(79, [1])]),
        patched("corrupt.qcow2", "corrupt", "qcow2", [(79, [2])]),
        patched("unknown-bit.qcow2", "not known", "qcow2", [(79, [32])]),
        patched("highest-bit.qcow2", "not known", "qcow2", [(72, [128])]),
        patched("compression.qcow2", "not known", "qcow2", [(79, [8]), (104, [7])]),
        patched("version-4.qcow2", "not known", "qcow2", [(7, [4])]),
        ImageCase("encrypted.qcow2", "encrypted") {
            try $0.create(
                "qcow2", "--object", "secret,id=s,data=abc123", "-o",
                "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10")
        },
        ImageCase("old-encryption.qcow2", "encrypted") {
            try $0.create(
                "qcow2", "--object", "secret,id=s,data=abc123", "-o", "encrypt.format=aes,encrypt.key-secret=s")
        },
        ImageCase("version-1.qcow", "old qcow") { try $0.create("qcow") },
        ImageCase("version-1-overlay.qcow", "old qcow") { kitchen in
            try kitchen.write("base.qcow2", kitchen.create("qcow2"))
            return try kitchen.create("qcow", "-b", "base.qcow2", "-F", "qcow2")
        },
        patched("far-l1.qcow2", "cut off", "qcow2", [(40, DiskBytes.big(1 << 50, 8))]),
        patched("overflowing-l1.qcow2", "damaged", "qcow2", [(40, [UInt8](repeating: 0xFF, count: 8))]),
        patched("endless-l1.qcow2", "cut off", "qcow2", [(36, DiskBytes.big(0xFFFF_FFFF, 4))]),
        patched("far-refcounts.qcow2", "cut off", "qcow2", [(48, DiskBytes.big(1 << 62, 8))]),
        patched("endless-refcounts.qcow2", "cut off", "qcow2", [(56, DiskBytes.big(0xFFFF_FFFF, 4))]),
        patched("no-refcounts.qcow2", "damaged", "qcow2", [(48, DiskBytes.big(0, 8))]),
        patched("endless.qcow2", "damaged", "qcow2", [(24, DiskBytes.big(1 << 60, 8))]),
        patched("nothing-in-it.qcow2", "no disk has", "qcow2", [(24, DiskBytes.big(0, 8))]),
        patched(
            "endless-extension.qcow2", "damaged", "qcow2",
            [(104 + 8, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])]),
        patched("huge-clusters.qcow2", "damaged", "qcow2", [(20, DiskBytes.big(64, 4))]),
        patched("snapshots.qcow2", "cut off", "qcow2", [(60, DiskBytes.big(9, 4)), (64, DiskBytes.big(1 << 40, 8))]),
    ]

    static let vmdk = descriptors + parents + otherVMDK

    private static let heads: [(name: String, text: String)] = [
        ("titled", "# Disk DescriptorFile\n"), ("newline-first", "\n# Disk DescriptorFile\n"), ("untitled", ""),
        ("space-first", " # Disk DescriptorFile\n"), ("tab-first", "\t# Disk DescriptorFile\r\n"),
        ("marked", "\u{FEFF}# Disk DescriptorFile\n"), ("accented", "é\n"), ("other-case", "# DISK DESCRIPTORFILE\n"),
    ]

    private static let descriptors: [ImageCase] = heads.map { name, head in
        ImageCase("descriptor-\(name).vmdk", "descriptor") { kitchen in
            let secret = try kitchen.write("secret", [UInt8](repeating: 7, count: 1 << 20))
            return Array(
                (head + "version=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"
                    + "RW 2048 FLAT \"\(secret)\" 0\n").utf8)
        }
    }

    private static let hints: [(name: String, bytes: [UInt8])] = [
        ("plain", Array("\nparentFileNameHint=\"/etc/shadow\"".utf8)),
        ("combining-mark", Array("\nparentFileNameHint".utf8) + [0xCC, 0x81] + Array("\"/etc/shadow\"".utf8)),
        ("prepended-mark", [0x0A, 0xD8, 0x80] + Array("parentFileNameHint=\"/etc/shadow\"".utf8)),
        ("behind-nul", [0] + Array("parentFileNameHint=\"/etc/shadow\"".utf8)),
        ("other-case", Array("\nPARENTfilenamehint=\"/etc/shadow\"".utf8)),
        ("in-a-comment", Array("\n# parentFileNameHint=\"/etc/shadow\"".utf8)),
    ]

    private static let parents: [ImageCase] = hints.map { name, words in
        ImageCase("parent-\(name).vmdk", "based on another") { try $0.descriptor { $0 + words } }
    }

    private static let otherVMDK: [ImageCase] = [
        ImageCase("parent-number.vmdk", "based on another") {
            try $0.descriptor { try $0.replacing("parentCID=ffffffff", "parentCID=12345678") }
        },
        ImageCase("two-extents.vmdk", "other files") {
            try $0.descriptor { $0 + Array("\nRW 2048 FLAT \"/etc/shadow\" 0".utf8) }
        },
        ImageCase("no-extent.vmdk", "damaged") { try $0.descriptor { try $0.replacing("\nRW ", "\n#W ") } },
        ImageCase("flat.vmdk", "other files") { try $0.descriptor { try $0.replacing(" SPARSE ", " FLAT   ") } },
        ImageCase("split.vmdk", "other files") {
            try $0.descriptor { try $0.replacing("\"monolithicSparse\"", "\"twoGbMaxExtentX\"") }
        },
        ImageCase("descriptor-elsewhere.vmdk", "based on another") { kitchen in
            var disk = try kitchen.create("vmdk")
            var moved = [UInt8](disk[512..<512 + 10_240])
            moved.put(Array("parentFileNameHint=\"/etc/shadow\"".utf8), at: 9_000)
            disk += [UInt8](repeating: 0, count: (512 - disk.count % 512) % 512)
            disk.put(DiskBytes.little(UInt64(disk.count / 512), 8), at: 28)
            return disk + moved
        },
        ImageCase("short-descriptor.vmdk", "based on another") { kitchen in
            // QEMU reads 20 sectors, whatever the header says.
            var disk = try kitchen.create("vmdk")
            disk.put(DiskBytes.little(1, 8), at: 36)
            disk.put(Array("parentFileNameHint=\"/etc/shadow\"".utf8), at: 512 + 9_000)
            return disk
        },
        ImageCase("two-headers.vmdk", "other files") { kitchen in
            // The header at the end counts, and has only a descriptor's place.
            var disk = try kitchen.convert("vmdk", "-o", "subformat=streamOptimized")
            disk += [UInt8](repeating: 0, count: (512 - disk.count % 512) % 512)
            var last = [UInt8](disk[..<512])
            disk.put([UInt8](repeating: 0xFF, count: 8), at: 56)
            last.put(DiskBytes.little(0, 8), at: 12)
            disk.put(DiskBytes.little(0, 8), at: 12)
            return disk + [UInt8](repeating: 0, count: 512) + last + [UInt8](repeating: 0, count: 512)
        },
        ImageCase("headers-differ.vmdk", "damaged") { kitchen in
            var disk = try kitchen.convert("vmdk", "-o", "subformat=streamOptimized")
            disk += [UInt8](repeating: 0, count: (512 - disk.count % 512) % 512)
            var last = [UInt8](disk[..<512])
            disk.put([UInt8](repeating: 0xFF, count: 8), at: 56)
            last.put(DiskBytes.little(0, 8), at: 12)
            return disk + [UInt8](repeating: 0, count: 512) + last + [UInt8](repeating: 0, count: 512)
        },
        ImageCase("first-part.vmdk", "part of a split disk") { kitchen in
            try kitchen.run(
                "qemu-img", ["create", "-q", "-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", "p.vmdk", "16M"])
            return try kitchen.bytes(kitchen.path("p-s001.vmdk"))
        },
        ImageCase("split-descriptor.vmdk", "descriptor") {
            try $0.create("vmdk", "-o", "subformat=twoGbMaxExtentFlat")
        },
        patched("no-capacity.vmdk", "other files", "vmdk", [(12, DiskBytes.little(0, 8))]),
        patched("text-mode.vmdk", "text", "vmdk", [(73, Array("\n\n\n\n".utf8))]),
        patched("far-directory.vmdk", "cut off", "vmdk", [(56, DiskBytes.little(1 << 60, 8))]),
        patched("no-end.vmdk", "cut off", "vmdk", [(56, [UInt8](repeating: 0xFF, count: 8))]),
        patched("endless.vmdk", "cut off", "vmdk", [(12, DiskBytes.little(1 << 40, 8))]),
        patched("overflowing.vmdk", "cut off", "vmdk", [(12, [UInt8](repeating: 0xFF, count: 8))]),
        patched("far-descriptor.vmdk", "cut off", "vmdk", [(28, [UInt8](repeating: 0xFF, count: 8))]),
        patched("grain.vmdk", "damaged", "vmdk", [(20, DiskBytes.little(0, 8))]),
        patched("flags.vmdk", "not known", "vmdk", [(8, DiskBytes.little(0x8000_0003, 4))]),
        patched("version-9.vmdk", "not known", "vmdk", [(4, DiskBytes.little(9, 4))]),
        ImageCase("esx.vmdk", "other files") { _ in Array("COWD".utf8) + [UInt8](repeating: 0, count: 4096) },
    ]

    static let vhd: [ImageCase] = [
        ImageCase("checkpoint.vhd", "based on another") { try $0.vhd { $0.put(DiskBytes.big(4, 4), at: 60) } },
        ImageCase("fixed-checkpoint.vhd", "based on another") {
            try $0.vhd("subformat=fixed") { $0.put(DiskBytes.big(4, 4), at: 60) }
        },
        ImageCase("parent.vhd", "based on another") { kitchen in
            var disk = try kitchen.convert("vpc")
            disk.put([1, 2, 3], at: 512 + 40)
            disk.sumVHD(512..<1536, at: 36)
            return disk
        },
        ImageCase("another-kind.vhd", "damaged") { try $0.vhd { $0.put(DiskBytes.big(7, 4), at: 60) } },
        ImageCase("paused.vhd", "not closed") { try $0.vhd { $0.put([1], at: 84) } },
        // A dynamic one can't be opened with its true size.
        ImageCase("virtualbox-dynamic.vhd", "its end would be cut off") {
            try $0.vhd {
                $0.put(Array("vbox".utf8), at: 28)
                $0.put([0, 10, 16, 62], at: 56)
            }
        },
        ImageCase("large-dynamic.vhd", "damaged") { try $0.vhd { $0.put([0xFF, 0xFF, 16, 254], at: 56) } },
        ImageCase("far-table.vhd", "cut off") { kitchen in
            var disk = try kitchen.convert("vpc")
            disk.put(DiskBytes.big(UInt64.max - 3, 8), at: 512 + 16)
            disk.sumVHD(512..<1536, at: 36)
            return disk
        },
        ImageCase("far-header.vhd", "cut off") { try $0.vhd { $0.put(DiskBytes.big(UInt64.max - 3, 8), at: 16) } },
        patched("sum.vhd", "damaged", "vpc", [(64, [1, 2, 3, 4])]),
    ]

    static let vhdx: [ImageCase] = [
        ImageCase("checkpoint.vhdx", "based on another") { try $0.vhdx { disk, item in disk[item + 4] |= 2 } },
        ImageCase("locator.vhdx", "based on another") { kitchen in
            try kitchen.vhdx { disk, _ in
                // The identifier of one that is not needed becomes that of a parent's place.
                let page = try disk.place(of: VHDXMark.page83)
                disk.put(VHDXMark.parentLocator, at: page)
            }
        },
        ImageCase("partly.vhdx", "based on another") { kitchen in
            try kitchen.vhdx { disk, _ in
                let table = try disk.place(of: VHDXMark.blocks, from: 192 << 10)
                let place = Int(DiskBytes.number(disk[table + 16..<table + 24]))
                disk[place] |= 7
            }
        },
        ImageCase("log.vhdx", "not closed") { kitchen in
            try kitchen.vhdx { disk, _ in
                for start in [64 << 10, 128 << 10] {
                    disk[start + 48] = 1
                    disk.sumVHDX(start..<start + 4096)
                }
            }
        },
        ImageCase("required-region.vhdx", "not known") { kitchen in
            try kitchen.vhdx { disk, _ in
                let start = 192 << 10
                disk.put(DiskBytes.little(3, 4), at: start + 8)
                disk.put([9, 9, 9], at: start + 80)
                disk.put([1], at: start + 80 + 28)
                disk.sumVHDX(start..<start + 65_536)
            }
        },
        ImageCase("far-region.vhdx", "cut off") { kitchen in
            try kitchen.vhdx { disk, _ in
                let start = 192 << 10
                disk.put([UInt8](repeating: 0xFF, count: 8), at: start + 32)
                disk.sumVHDX(start..<start + 65_536)
            }
        },
        patched("headers.vhdx", "damaged", "vhdx", [(70_000, [1]), (135_000, [1])], at: true),
    ]

    static let vdi: [ImageCase] = [
        patched("difference.vdi", "based on another", "vdi", [(0x4C, DiskBytes.little(4, 4))]),
        patched("undo.vdi", "based on another", "vdi", [(0x4C, DiskBytes.little(3, 4))]),
        patched("link.vdi", "based on another", "vdi", [(0x1A8, [1])]),
        patched("parent.vdi", "based on another", "vdi", [(0x1C7, [1])]),
        patched("kind.vdi", "not known", "vdi", [(0x4C, DiskBytes.little(9, 4))]),
        patched("version.vdi", "not known", "vdi", [(0x44, DiskBytes.little(0x2_0000, 4))]),
        patched("blocks.vdi", "not known", "vdi", [(0x178, DiskBytes.little(1 << 16, 4))]),
        patched("far-map.vdi", "damaged", "vdi", [(0x154, DiskBytes.little(0xFFFF_FE00, 4))]),
        patched("endless.vdi", "damaged", "vdi", [(0x180, DiskBytes.little(0xFFFF_FFFF, 4))]),
        patched("overflowing.vdi", "damaged", "vdi", [(0x170, [UInt8](repeating: 0xFF, count: 8))]),
    ]

    static let qed: [ImageCase] = [
        ImageCase("overlay.qed", "based on another") { kitchen in
            try kitchen.write("base.qcow2", kitchen.create("qcow2"))
            return try kitchen.create("qed", "-b", "base.qcow2", "-F", "qcow2")
        },
        patched("check.qed", "not closed", "qed", [(16, [2])]),
        patched("unknown.qed", "not known", "qed", [(16, [8])]),
        patched("clusters.qed", "damaged", "qed", [(4, DiskBytes.little(0xFFFF_FFFF, 4))]),
        patched("tables.qed", "damaged", "qed", [(8, DiskBytes.little(0, 4))]),
        patched("far-table.qed", "cut off", "qed", [(40, DiskBytes.little(1 << 60, 8))]),
        patched("endless.qed", "damaged", "qed", [(48, DiskBytes.little(UInt64.max - 511, 8))]),
    ]

    static let raw: [ImageCase] = [
        ImageCase("luks.img", "encrypted") {
            try $0.create("luks", "--object", "secret,id=s,data=abc123", "-o", "key-secret=s,iter-time=10")
        },
        ImageCase("bitlocker.img", "encrypted") { _ in
            [0xEB, 0x58, 0x90] + Array("-FVE-FS-".utf8) + DiskBytes.mbr().dropFirst(11)
        },
        ImageCase("zeros.img", "zeros") { _ in [UInt8](repeating: 0, count: 1 << 20) },
        ImageCase("data.img", "does not begin like a disk") { _ in [UInt8](repeating: 0xA5, count: 1 << 20) },
        ImageCase("sector.img", "does not begin like a disk") { _ in DiskBytes.mbr().dropLast() },
        ImageCase("long-partition.img", "cut off") { _ in
            DiskBytes.mbr([(0x83, 1, 100)]) + [UInt8](repeating: 0, count: 99 * 512)
        },
        ImageCase("endless-partition.img", "cut off") { _ in
            DiskBytes.mbr([(0x83, 0xFFFF_FFFF, 0xFFFF_FFFF)]) + [UInt8](repeating: 0, count: 99 * 512)
        },
        ImageCase("no-table.img", "damaged") { _ in
            var sector = DiskBytes.mbr()
            sector.put([UInt8](repeating: 0xA5, count: 64), at: 446)
            return sector
        },
        ImageCase("gpt-cut.img", "cut off") { _ in DiskBytes.gpt(sectors: 100, backup: 100, last: 66) },
        ImageCase("gpt-far.img", "cut off") { _ in DiskBytes.gpt(sectors: 100, backup: .max, last: 66) },
        ImageCase("gpt-partition.img", "cut off") { _ in DiskBytes.gpt(sectors: 100, last: .max) },
        ImageCase("gpt-missing.img", "damaged") { _ in
            DiskBytes.mbr([(0xEE, 1, 99)]) + [UInt8](repeating: 0, count: 99 * 512)
        },
        ImageCase("gpt-4096.img", "4096 bytes") { _ in
            var disk = DiskBytes.mbr([(0xEE, 1, 99)]) + [UInt8](repeating: 0, count: 99 * 512)
            disk.put(Array("EFI PART".utf8), at: 4096)
            return disk
        },
        ImageCase("fat.img", "cut off") { kitchen in
            try kitchen.run("mformat", ["-C", "-f", "1440", "-i", kitchen.path("fat"), "::"])
            return try kitchen.bytes(kitchen.path("fat")).dropLast(512)
        },
    ]

    static let cd: [ImageCase] = [
        ImageCase("half.iso", "cut off") { kitchen in
            let disc = try kitchen.bytes()
            return [UInt8](disc[..<(disc.count / 2)])
        },
        ImageCase("last-sector.iso", "cut off") { try $0.bytes().dropLast(2048) },
        ImageCase("small-cut.iso", "cut off") { _ in DiskBytes.cd.dropLast(1) },
        ImageCase("data.iso", "nothing on this CD") { _ in
            var disc = DiskBytes.cd
            disc.put([0xFF], at: 0x8800)
            return disc
        },
        ImageCase("not-bootable.iso", "nothing on this CD") { _ in
            var disc = DiskBytes.cd
            disc.put([0], at: 19 * 2048 + 32)
            return disc
        },
        ImageCase("far-catalogue.iso", "cut off") { _ in
            var disc = DiskBytes.cd
            disc.put([0xFF, 0xFF, 0xFF, 0xFF], at: 0x8847)
            return disc
        },
        ImageCase("two-sizes.iso", "damaged") { _ in
            var disc = DiskBytes.cd
            disc.put([1], at: 0x8050)
            return disc
        },
        ImageCase("udf.iso", "cut off") { _ in
            // A note of 21 sectors beside a UDF partition that is longer than the file.
            var disc = DiskBytes.cd + [UInt8](repeating: 0, count: 240 * 2048)
            disc.put([0] + Array("NSR02".utf8), at: 20 * 2048)
            disc.put([2, 0], at: 256 * 2048)
            disc.put(DiskBytes.little(2048, 4) + DiskBytes.little(257, 4), at: 256 * 2048 + 16)
            disc.put([5, 0], at: 257 * 2048)
            disc.put(DiskBytes.little(258, 4) + DiskBytes.little(900, 4), at: 257 * 2048 + 188)
            return disc
        },
    ]
}
