@testable import Catalogue
import Domain
import Foundation
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// What one session may use of its host's disk in a second.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct RateTests {
    private static let specification = MachineSpecification(
        session: SessionID(milliseconds: 1), fence: 1,
        machine: Machine(name: "d", description: "", path: "/m/d", kind: .disk, format: .raw), cpu: 1, memoryMiB: 128,
        diskGiB: 1)

    @Test func `all disks of a session go through one limit, and none without one`() throws {
        var specification = Self.specification
        specification.machine.disk2 = Machine.AttachedImage(path: "/m/2", driver: .qcow2, virtualSizeBytes: 512)
        specification.machine.cdroms = [Machine.AttachedImage(path: "/m/3", driver: .raw, virtualSizeBytes: 512)]
        let shape = MachineShape(specification, accelerator: .tcg)
        let limited = QEMUArguments.make(
            shape, session: specification.session, rate: DiskRate(mebibytes: 3, operations: 50))
        for node in ["disk", "disk2", "master-cd1"] {
            #expect(limited.contains("driver=throttle,throttle-group=rate,file=\(node)-format,node-name=\(node)"))
            #expect(limited.contains { $0.contains("drive=\(node)") })
        }
        #expect(
            limited.contains(
                "throttle-group,id=rate,x-bps-total=3145728,x-bps-total-max=6291456,x-bps-total-max-length=1,"
                    + "x-iops-total=50,x-iops-total-max=100,x-iops-total-max-length=1"))
        let free = QEMUArguments.make(shape, session: specification.session)
        #expect(!free.contains { $0.contains("throttle") || $0.contains("-format") })
    }

    /// A disk whose boot sector reads 12 MiB of it and says so on the serial line.
    private static let reader: [UInt8] = {
        let code: [UInt8] = [
            0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0,  // xor ax, ax; mov ds, ax; mov es, ax
            0xB9, 0xC2, 0x00,  // mov cx, 194
            0x51, 0xBE, 0x40, 0x7C, 0xB4, 0x42, 0xB2, 0x80, 0xCD, 0x13,  // push cx; mov si, 0x7c40; int 0x13 (0x42)
            0x83, 0x06, 0x48, 0x7C, 0x7F,  // add word [0x7c48], 127
            0x59, 0xE2, 0xEE,  // pop cx; loop
            0xBA, 0xF8, 0x03, 0xB0, 0x21, 0xEE,  // mov dx, 0x3f8; mov al, '!'; out dx, al
            0xF4, 0xEB, 0xFD,  // hlt; jmp
        ]
        var bytes = [UInt8](repeating: 0, count: 14 << 20)
        bytes.replaceSubrange(0..<code.count, with: code)
        // 127 sectors to 1000:0, from the first one on.
        bytes.replaceSubrange(0x40..<0x48, with: [0x10, 0, 127, 0, 0, 0, 0, 0x10])
        bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
        return bytes
    }()

    /// - Returns: How long a guest takes to read its disk.
    private func read(_ rate: DiskRate) async throws -> Duration {
        let kitchen = try ImageKitchen()
        let path = try kitchen.write("reader.img", Self.reader)
        let root = "/tmp/qwd-rate-\(UInt32.random(in: 0...UInt32.max))"
        var network = GuestNetwork.Options()
        network.isIsolated = false
        let hypervisor = makeHypervisor(
            HostPaths(runtime: "\(root)/r", state: "\(root)/s"), network: network, rate: rate)
        var specification = Self.specification
        specification.machine = try Machine(file: path)
        let wanted = specification
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            await hypervisor.settle()
            try await hypervisor.makeSnapshot(wanted)
            try await hypervisor.launch(wanted)
            let start = ContinuousClock.now
            try await hypervisor.switchOn(wanted.ref)
            let machine = try await hypervisor.live(wanted.ref)
            while !machine.console.has("!", since: 0) { try await Task.sleep(for: .milliseconds(20)) }
            let time = start.duration(to: .now)
            try await hypervisor.tearDown(wanted.ref)
            group.cancelAll()
            Files.remove(root)
            return time
        }
    }

    @Test(
        .enabled(if: ["qemu-system-x86_64", "qemu-img", "bwrap"].allSatisfy { Programs.find($0) != nil }))
    func `a guest that reads waits for its turn`() async throws {
        // Of 12 MiB the first second takes four, the others two each.
        let limited = try await read(DiskRate(mebibytes: 2))
        #expect(limited > .seconds(4), "\(limited)")
        // Each of the 194 is one or two; the first second has 60.
        let few = try await read(DiskRate(operations: 30))
        #expect(few > .seconds(4), "\(few)")
        let free = try await read(.unlimited)
        #expect(free < limited, "\(free) without a limit, \(limited) with one")
    }
}
