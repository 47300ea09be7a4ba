@testable import Catalogue
import Foundation
@testable import ImageStore
import Processes
import Testing

/// Images that become qcow2 when they are added, and what libguestfs says of the system on them.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Programs.find("qemu-img") != nil && access(ImageKitchen.disc, R_OK) == 0))
struct ConversionTests {
    private let kitchen: ImageKitchen
    private let store: ImageStore

    init() throws {
        kitchen = try ImageKitchen()
        try FileManager.default.createDirectory(atPath: kitchen.path("machines"), withIntermediateDirectories: true)
        store = ImageStore(directory: kitchen.path("machines"))
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: kitchen.path("machines")).sorted()
    }

    @Test(arguments: `A whole image`.converted.filter { !$0.name.hasSuffix(".iso") && !$0.name.hasSuffix(".vhd") })
    func `a disk of any format is the same as qcow2`(image: ImageCase) async throws {
        let source = try kitchen.write(image.name, image.make(kitchen))
        let path = try await store.add(source, as: "new.qcow2", converts: true) { _, _, _ in }
        #expect(try DiskImage(file: path, named: "new.qcow2").format == .qcow2)
        try kitchen.compare(path, .qcow2)
        #expect(try names() == ["new.qcow2"])
    }

    @Test func `a virtual hard disk keeps its last sectors`() async throws {
        var disk = try kitchen.virtualBox(geometry: [0, 10, 16, 62])
        let last = disk.count - 1024
        disk.put([UInt8](repeating: 0xA5, count: 512), at: last)
        let source = try kitchen.write("virtualbox.vhd", disk)
        let path = try await store.add(source, as: "new.qcow2", converts: true) { _, _, _ in }
        let read = try kitchen.run("qemu-io", ["-r", "-f", "qcow2", "-c", "read -P 0xa5 \(last) 512", path])
        #expect(read.contains("read 512/512 bytes") && !read.contains("failed"), "\(read)")
    }

    @Test func `a CD stays one, and what can't be used leaves nothing`() async throws {
        let path = try await store.add(ImageKitchen.disc, as: "grub.iso", converts: true) { _, _, _ in }
        #expect(try kitchen.bytes(path) == kitchen.bytes())
        let text = try kitchen.write("text.vmdk", Array("hello".utf8))
        await #expect(throws: ImageStoreError.self) {
            try await store.add(text, as: "text.qcow2", converts: true) { _, _, _ in }
        }
        #expect(try names() == ["grub.iso"])
    }

    @Test(arguments: [
        ("linux", "debian", ["disk_bus=virtio", "network_card=virtio"]),
        ("linux", "ubuntu", ["disk_bus=virtio", "network_card=virtio"]),
        // Its start has the drivers of the machine alone on which it was installed.
        ("linux", "rocky", []), ("windows", "windows", ["clock=localtime"]), ("freebsd", "freebsd", []),
    ])
    func `a system that is known has the hardware that it knows`(family: String, distribution: String, keys: [String])
        throws
    {
        let text = """
            <?xml version="1.0"?>
            <operatingsystems><operatingsystem><root>/dev/sda1</root><name>\(family)</name><arch>x86_64</arch>
            <distro>\(distribution)</distro><product_name>A system 12</product_name></operatingsystem></operatingsystems>
            """
        let system = try #require(GuestSystem(inspection: text))
        #expect(system.name == "A system 12")
        #expect(system.choices.map { "\($0.key)=\($0.value)" } == keys)
        #expect(GuestSystem(inspection: "<operatingsystems/>") == nil)
    }
}
