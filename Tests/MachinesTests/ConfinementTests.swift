import Domain
import Foundation
import Glibc
import Logging
import Processes
import QMP
import Testing

@testable import Machines

/// Asks real machines, as code that has broken out of a guest into its QEMU could, for what is not theirs.
@Suite(
    .timeLimit(.minutes(3)), .serialized,
    .enabled(if: ["qemu-system-x86_64", "bwrap", "pasta"].allSatisfy { Programs.find($0) != nil }))
struct ConfinementTests {
    private struct Open: QMPCommand {
        typealias Reply = QMPEmpty
        static let name = "blockdev-add"
        var driver = "file"
        var filename: String
        var nodeName: String
        var isReadOnly = true

        enum CodingKeys: String, CodingKey {
            case driver, filename
            case nodeName = "node-name"
            case isReadOnly = "read-only"
        }
    }

    private struct Dial: QMPCommand {
        struct Backend: Encodable {
            struct Socket: Encodable { var addr: Address, server = false }
            struct Address: Encodable { var type = "unix", data: Path }
            struct Path: Encodable { var path: String }
            var type = "socket", data: Socket
        }
        struct Reply: Decodable, Sendable {}
        static let name = "chardev-add"
        var id: String
        var backend: Backend

        init(_ path: String, id: String) {
            self.id = id
            backend = Backend(data: .init(addr: .init(data: .init(path: path))))
        }
    }

    private let root = "/tmp/qwd-jail-\(UInt32.random(in: 0...UInt32.max))"
    private let paths: HostPaths

    init() throws {
        paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        try Files.makeDirectory(paths.sessions)
        try Files.makeDirectory(paths.disks)
    }

    private func withMachines(
        _ count: Int, _ body: (QEMUHypervisor, [LiveMachine]) async throws -> Void
    ) async throws {
        let master = "\(root)/master.iso"
        try FileManager.default.copyItem(atPath: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso", toPath: master)
        // As an administrator may have it: nobody else reads it, and nobody else gets into its directory.
        chmod(master, 0o600)
        chmod(root, 0o700)
        let hypervisor = makeHypervisor(paths)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            await hypervisor.settle()
            var machines: [LiveMachine] = []
            for number in 0..<count {
                let id = SessionID(milliseconds: Int64(number + 1))
                let specification = MachineSpecification(
                    session: id, fence: 1,
                    machine: Machine(name: "grub.iso", description: "", path: master, kind: .iso, format: .raw), cpu: 1,
                    memoryMiB: 128, diskGiB: 1, oneShot: false)
                try await hypervisor.makeSnapshot(specification)
                try await hypervisor.launch(specification)
                try await hypervisor.connectNetwork(id)
                try await hypervisor.switchOn(id)
                machines.append(try await hypervisor.live(id))
            }
            try await body(hypervisor, machines)
            for machine in machines { try await hypervisor.tearDown(machine.session, fence: 1) }
            group.cancelAll()
        }
        await hypervisor.network.end()
        Files.remove(root)
    }

    @Test func `a machine opens nothing of the host, of the service or of another session`() async throws {
        try await withMachines(2) { _, machines in
            try Files.write("secret", to: "\(root)/s/secret")
            let redis = try UnixSocket.listen(at: "\(root)/r/redis.sock")
            let other = machines[1].paths
            let targets = [
                "\(root)/s/secret", "\(root)/master.iso", "\(root)/r", "/etc/shadow", "/etc/passwd", "/proc/1/environ",
                "/proc/self/environ", "/dev/mem", "/dev/sda", other.overlay, other.log, other.fence,
                "/session/../etc/shadow", machines[0].paths.overlay, machines[0].paths.log,
            ]
            for (number, path) in targets.enumerated() {
                await #expect(throws: QMPError.self, "\(path)") {
                    try await machines[0].qmp.execute(Open(filename: path, nodeName: "x\(number)"))
                }
            }
            let sockets = [
                "\(root)/r/redis.sock", other.vnc, other.qmp, other.monitor, other.network, machines[0].paths.qmp,
                "/run/systemd/private", "/run/dbus/system_bus_socket",
            ]
            for (number, path) in sockets.enumerated() {
                await #expect(throws: QMPError.self, "\(path)") {
                    try await machines[0].qmp.execute(Dial(path, id: "c\(number)"))
                }
            }
            // What it was given it has, and may not write the machine's own file.
            _ = try await machines[0].qmp.execute(Open(filename: "/dev/fdset/6", nodeName: "again"))
            await #expect(throws: QMPError.self) {
                try await machines[0].qmp.execute(
                    Open(filename: "/dev/fdset/6", nodeName: "written", isReadOnly: false))
            }
            _ = redis
        }
    }

    @Test func `a machine has namespaces, no rights, and as root a user of its own`() async throws {
        try await withMachines(2) { _, machines in
            for machine in machines {
                let process = "/proc/\(machine.process.pid)"
                for kind in ["user", "mnt", "ipc", "net", "uts", "pid"] {
                    #expect(
                        Files.target(of: "\(process)/ns/\(kind)") != Files.target(of: "/proc/self/ns/\(kind)"),
                        "\(kind)")
                }
                let status = try #require(Files.read("\(process)/status"))
                for field in [
                    "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
                ] {
                    #expect(status.contains(field), "\(field) in \(status)")
                }
                #expect(
                    Set(Files.names(in: "\(process)/root"))
                        .isSubset(of: ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "dev"]))
            }
            guard geteuid() == 0 else { return }
            let users = machines.map { machine in
                Files.read("/proc/\(machine.process.pid)/status")?.split(separator: "\n").first { $0.hasPrefix("Uid:") }
            }
            #expect(users[0] != users[1] && users.allSatisfy { $0?.contains("\t0") == false })
            var information = stat()
            #expect(stat(machines[0].paths.run, &information) == 0 && information.st_uid == 0)
            #expect(information.st_mode & 0o077 == 0)
        }
    }

    @Test(.enabled(if: ControlGroupParents().controllers.contains("memory"), "no control group may be changed here"))
    func `a machine has limits, which go with it`() async throws {
        try await withMachines(1) { hypervisor, machines in
            let line = Files.read("/proc/\(machines[0].process.pid)/cgroup")?.split(separator: "\n")
                .first { $0.contains(":memory:") }
            let group = "/sys/fs/cgroup/memory" + (line?.split(separator: ":").last.map(String.init) ?? "")
            #expect(group.hasSuffix("/qwd-\(machines[0].session)"))
            #expect(Files.read("\(group)/memory.limit_in_bytes") == "\((128 + 1792) << 20)\n")
            try await hypervisor.tearDown(machines[0].session, fence: 1)
            while access(group, F_OK) == 0 { await hypervisor.checkUp() }
        }
    }

    @Test func `a machine can make no file anywhere, and none of its files may grow beyond its disk`() async throws {
        try await withMachines(1) { hypervisor, machines in
            let machine = machines[0]
            for directory in ["", "/tmp", "/dev", "/dev/shm", "/usr", "/etc", "/run", "/session", machine.paths.run] {
                await #expect(throws: QMPError.self, "\(directory)") {
                    try await machine.qmp.execute(Screendump(filename: "\(directory)/picture", format: .ppm))
                }
            }
            let limits = try #require(Files.read("/proc/\(machine.process.pid)/limits"))
            let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max file size") })
            let gib = 1 << 30
            #expect(line.split(separator: " ").contains("\(gib + gib / 64 + gib)"), "\(line)")
            try await hypervisor.tearDown(machine.session, fence: 1)
            #expect(Files.names(in: paths.sessions) == [])
        }
    }
}
