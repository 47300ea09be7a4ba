@testable import Catalogue
import Domain
import Foundation
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import QMP
import Testing
import Viewer

/// Images as people have them, in real machines: what their bytes say is what QEMU makes of them.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: ["qemu-system-x86_64", "qemu-img", "bwrap"].allSatisfy { Programs.find($0) != nil }))
struct `A whole image in a machine` {
    private struct BlockNodes: QMPCommand {
        struct Node: Decodable, Sendable {
            struct Image: Decodable, Sendable {
                var size: Int
                private enum CodingKeys: String, CodingKey { case size = "virtual-size" }
            }
            var name: String
            var format: String
            var image: Image
            private enum CodingKeys: String, CodingKey {
                case image
                case name = "node-name"
                case format = "drv"
            }
        }
        typealias Reply = [Node]
        static let name = "query-named-block-nodes"
        var flat = true
    }

    /// Of every format, with what makes a difference to who reads it.
    static let images: [ImageCase] = {
        let names = [
            "plain.qcow2", "small-clusters.qcow2", "zstd.qcow2", "extended-l2.qcow2", "old.qcow2", "dynamic.vdi",
            "static.vdi", "sparse.vmdk", "stream.vmdk", "geometry.vhd", "fixed.vhd", "dynamic.vhdx", "disk.qed",
            "odd-length.img",
        ]
        let known = `A whole image`.converted + `A whole image`.others
        return names.compactMap { name in known.first { $0.name == name } }
    }()

    @Test func `there are fourteen of them`() {
        #expect(Self.images.count == 14)
    }

    @Test(.enabled(if: access(ImageKitchen.disc, R_OK) == 0, "grub-rescue-pc isn't installed"), arguments: images)
    func `boots, with the size that was found out`(image: ImageCase) async throws {
        let kitchen = try ImageKitchen()
        let path = try kitchen.write(image.name, image.make(kitchen))
        let found = try ImageKitchen.inspect(path).resolved(stated: nil, path: path)
        let root = "/tmp/qwd-boot-\(UInt32.random(in: 0...UInt32.max))"
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        var network = GuestNetwork.Options()
        network.isIsolated = false
        let hypervisor = makeHypervisor(paths, network: network)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            await hypervisor.settle()
            let id = SessionID(milliseconds: 1)
            let specification = MachineSpecification(
                session: id, fence: 1, machine: Machine(name: "image", path: path, image: found), cpu: 1,
                memoryMiB: 128, diskGiB: 1)
            try await hypervisor.makeSnapshot(specification)
            try await hypervisor.launch(specification)
            try await hypervisor.switchOn(MachineRef(id, fence: 1))
            let machine = try await hypervisor.live(MachineRef(id, fence: 1))
            let nodes = try await machine.qmp.execute(BlockNodes())
            let master = try #require(nodes.first { $0.name == "master" })
            // Behind a fixed VHD is its footer, which the guest does not see.
            #expect(master.image.size == found.virtualSizeBytes + (found.driver == found.format ? 0 : 512))
            #expect(master.format == found.driver.rawValue)
            if let disk = nodes.first(where: { $0.name == "disk" }), found.kind == .disk {
                #expect(disk.image.size == found.virtualSizeBytes)
            }
            // GRUB's shell shows what is typed, a BIOS that has found nothing to start does not.
            let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
            var picture = try await viewer.firstFrame()
            while !picture.hasEqualCharacters(8) {
                for _ in 0..<8 { try await viewer.press(0x6d) }
                picture = try await viewer.nextChange()
            }
            try await hypervisor.tearDown(MachineRef(id, fence: 1))
            group.cancelAll()
        }
        Files.remove(root)
    }
}
