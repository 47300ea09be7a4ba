@testable import Catalogue
import Foundation
import Processes
import Testing

/// A file as people really have it.
struct ImageCase: Sendable, CustomTestStringConvertible {
    var name: String
    /// Words of the reason why it is refused.
    var reason: String = ""
    var make: @Sendable (ImageKitchen) throws -> [UInt8]

    init(_ name: String, _ reason: String = "", _ make: @escaping @Sendable (ImageKitchen) throws -> [UInt8]) {
        self.name = name
        self.reason = reason
        self.make = make
    }

    var testDescription: String { name }
}

@Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.find("qemu-img") != nil))
struct `A whole image` {
    static let converted: [ImageCase] = [
        ImageCase("plain.qcow2") { try $0.convert("qcow2") },
        ImageCase("small-clusters.qcow2") { try $0.convert("qcow2", "-o", "cluster_size=512") },
        ImageCase("large-clusters.qcow2") { try $0.convert("qcow2", "-o", "cluster_size=2M") },
        ImageCase("zlib.qcow2") { try $0.convert("qcow2", "-c") },
        ImageCase("zstd.qcow2") { try $0.convert("qcow2", "-c", "-o", "compression_type=zstd") },
        ImageCase("extended-l2.qcow2") { try $0.convert("qcow2", "-o", "extended_l2=on,cluster_size=128k") },
        ImageCase("preallocated.qcow2") { try $0.convert("qcow2", "-o", "preallocation=metadata") },
        ImageCase("one-bit-refcounts.qcow2") { try $0.convert("qcow2", "-o", "refcount_bits=1") },
        ImageCase("wide-refcounts.qcow2") { try $0.convert("qcow2", "-o", "refcount_bits=64") },
        ImageCase("old.qcow2") { try $0.convert("qcow2", "-o", "compat=0.10") },
        ImageCase("snapshot.qcow2") { kitchen in
            let path = try kitchen.write("s.qcow2", kitchen.convert("qcow2"))
            try kitchen.run("qemu-img", ["snapshot", "-c", "before", path])
            return try kitchen.bytes(path)
        },
        ImageCase("bitmap.qcow2") { kitchen in
            let path = try kitchen.write("b.qcow2", kitchen.convert("qcow2"))
            try kitchen.run("qemu-img", ["bitmap", "--add", path, "changes"])
            return try kitchen.bytes(path)
        },
        ImageCase("dynamic.vdi") { try $0.convert("vdi") },
        ImageCase("static.vdi") { try $0.convert("vdi", "-o", "static=on") },
        ImageCase("sparse.vmdk") { try $0.convert("vmdk") },
        ImageCase("zeroed-grains.vmdk") { try $0.convert("vmdk", "-o", "zeroed_grain=on") },
        ImageCase("stream.vmdk") { try $0.convert("vmdk", "-o", "subformat=streamOptimized") },
        ImageCase("dynamic.vhd") { try $0.convert("vpc", "-o", "force_size") },
        ImageCase("dynamic.vhdx") { try $0.convert("vhdx") },
        ImageCase("fixed.vhdx") { try $0.convert("vhdx", "-o", "subformat=fixed") },
        ImageCase("disk.qed") { try $0.convert("qed") },
        ImageCase("large-clusters.qed") { try $0.convert("qed", "-o", "cluster_size=128k") },
        ImageCase("fixed.vhd") { try $0.convert("vpc", "-o", "subformat=fixed,force_size") },
        ImageCase("grub.iso") { try $0.bytes() },
    ]

    static let others: [ImageCase] = [
        ImageCase("odd-length.img") { try $0.bytes() + [UInt8](repeating: 0x78, count: 100) },
        ImageCase("floppy.img") { try $0.bytes("/usr/lib/grub-rescue/grub-rescue-floppy.img") },
        ImageCase("geometry.vhd") { try $0.convert("vpc") },
        ImageCase("geometry-fixed.vhd") { try $0.convert("vpc", "-o", "subformat=fixed") },
        // QEMU does not believe VirtualBox's size, and multiplies cylinders, heads and sectors.
        ImageCase("virtualbox.vhd") { try $0.virtualBox(geometry: [0, 10, 16, 62]) },
        ImageCase("large.vhd") { try $0.virtualBox(geometry: [1, 0, 16, 63]) },
        ImageCase("blank.qcow2") { try $0.create("qcow2") }, ImageCase("blank.vdi") { try $0.create("vdi") },
        ImageCase("blank.vmdk") { try $0.create("vmdk") }, ImageCase("blank.vhd") { try $0.create("vpc") },
        ImageCase("blank.vhdx") { try $0.create("vhdx") }, ImageCase("blank.qed") { try $0.create("qed") },
        ImageCase("small.iso") { _ in DiskBytes.cd },
        ImageCase("mbr.raw") { _ in DiskBytes.mbr([(0x83, 1, 99)]) + [UInt8](repeating: 0, count: 99 * 512) },
        ImageCase("gpt.raw") { _ in DiskBytes.gpt(sectors: 100, last: 66) },
        ImageCase("fat.img") { kitchen in
            try kitchen.run("mformat", ["-C", "-f", "1440", "-i", kitchen.path("fat"), "::"])
            return try kitchen.bytes(kitchen.path("fat"))
        },
    ]

    private let kitchen: ImageKitchen
    init() throws { kitchen = try ImageKitchen() }

    @Test(arguments: converted + others)
    func `is accepted with the size that QEMU sees`(image: ImageCase) throws {
        let path = try kitchen.write(image.name, image.make(kitchen))
        let found = try ImageKitchen.inspect(path).resolved(stated: nil, path: path)
        let information = try kitchen.run(
            "qemu-img", ["info", "-f", found.driver.rawValue, "--output=json", path])
        // Behind a fixed disk is its footer, which no session sees.
        let footer = found.driver == found.format ? 0 : 512
        #expect(information.contains("\"virtual-size\": \(found.virtualSizeBytes + footer),"), "\(information)")
        #expect(!information.contains("backing"))
        let promised = DiskFormat(extensionOf: image.name)
        if let promised, found.kind == .disk { #expect(found.format == promised) }
    }

    @Test(arguments: [[0, 10, 16, 62], [1, 0, 16, 63]] as [[UInt8]])
    func `a fixed disk of VirtualBox keeps its last sectors, whatever its cylinders say`(geometry: [UInt8]) throws {
        var disk = try kitchen.virtualBox(geometry: geometry)
        let last = disk.count - 1024
        disk.put([UInt8](repeating: 0xA5, count: 512), at: last)
        let path = try kitchen.write("virtualbox.vhd", disk)
        let found = try ImageKitchen.inspect(path)
        #expect(found.format == .vpc && found.driver == .raw && found.virtualSizeBytes == disk.count - 512)
        // As a session's overlay is made.
        let overlay = kitchen.path("overlay.qcow2")
        try kitchen.run(
            "qemu-img",
            [
                "create", "-q", "-u", "-f", "qcow2", "-F", found.driver.rawValue, "-b", path, overlay,
                "\(found.virtualSizeBytes)",
            ])
        let read = try kitchen.run("qemu-io", ["-r", "-f", "qcow2", "-c", "read -P 0xa5 \(last) 512", overlay])
        #expect(read.contains("read 512/512 bytes") && !read.contains("failed"), "\(read)")
    }

    @Test(arguments: converted)
    func `has all that was put into it`(image: ImageCase) throws {
        let path = try kitchen.write(image.name, image.make(kitchen))
        let found = try ImageKitchen.inspect(path)
        try kitchen.compare(path, found.format)
    }

    @Test(arguments: converted)
    func `is refused as soon as a part of the disk is missing`(image: ImageCase) throws {
        let bytes = try image.make(kitchen)
        let path = try kitchen.write(image.name, bytes)
        for missing in [512, 4096, 65_536, bytes.count / 10, bytes.count * 4 / 10] {
            try #require(truncate(path, bytes.count - missing) == 0)
            do {
                let image = try ImageKitchen.inspect(path).resolved(stated: nil, path: path)
                // Then it was padding: all of the disk is there.
                #expect(missing < bytes.count / 10 || image.format == .qcow2, "\(missing) bytes are missing")
                try kitchen.compare(path, image.format)
            } catch let error as ImageError {
                #expect(error.problem.contains("cut off") || error.problem.contains("named as vpc"), "\(error)")
            }
            try kitchen.write(image.name, bytes)
        }
    }

    @Test func `a CD that is a disk as well may be either`() throws {
        let path = try kitchen.write("hybrid.iso", kitchen.bytes())
        let image = try ImageKitchen.inspect(path)
        #expect(image.kind == .iso && image.isHybrid)
        #expect(try image.resolved(stated: "iso", path: path).kind == .iso)
        #expect(try image.resolved(stated: "raw", path: path).kind == .disk)
        let plain = try ImageKitchen.inspect(kitchen.write("plain.iso", DiskBytes.cd))
        #expect(!plain.isHybrid)
        #expect(throws: ImageError.self) { try plain.resolved(stated: "raw", path: path) }
    }
}
