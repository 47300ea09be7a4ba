@testable import Catalogue
import Domain
import Foundation
import Glibc
@testable import GuestNetwork
@testable import Hypervisor
import Logging
@testable import Machines
import Processes
import QMP
import Testing

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
                    memoryMiB: 128, diskGiB: 1)
                try await hypervisor.makeSnapshot(specification)
                try await hypervisor.launch(specification)
                try await hypervisor.connectNetwork(MachineRef(id, fence: 1))
                try await hypervisor.switchOn(MachineRef(id, fence: 1))
                machines.append(try await hypervisor.live(MachineRef(id, fence: 1)))
            }
            try await body(hypervisor, machines)
            for machine in machines { try await hypervisor.tearDown(MachineRef(machine.session, fence: 1)) }
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

    @Test(.enabled(if: geteuid() == 0, "only root can play another host and look at a session's helper"))
    func `a machine's network is that of the guests, also by a helper that takes the place of one that was killed`()
        async throws
    {
        let host = try await OtherHost()
        let listener = try TCPListener(host: "0.0.0.0", port: 0)
        try await withMachines(1) { hypervisor, machines in
            let files = machines[0].paths
            func helper() -> ProcessHandle? { ProcessHandle(pidFile: files.networkPID, mark: Passt.program) }
            let first = try #require(helper())
            try await expectShutIn(first, hypervisor.network.namespace(), files)
            // Whoever listens there is the machine for the next helper.
            let machine = try UnixSocket.listen(at: files.network)
            _ = await first.kill()
            // One that lived for less than a second is started again with the next heartbeat.
            while helper() == nil { await hypervisor.checkUp() }
            let second = try #require(helper())
            let guestEnd = Descriptor(accept(machine.number, nil, nil))
            let (mine, others) = await IsolationCheck.offPool {
                var guest = FakeGuest(guestEnd)
                let mine = guest.reached(of: ["127.0.0.1"], port: UInt16(listener.port))
                return (mine, guest.reached(of: [host.address], port: OtherHost.port))
            }
            #expect(mine == [] && others == ["TCP to \(host.address)", "UDP to \(host.address)"])
            try await expectShutIn(second, hypervisor.network.namespace(), files)
            // The addresses that are ready stay, one beyond them goes with its session (proc(5), /proc/net/if_inet6).
            let holder = try #require(try await hypervisor.network.namespace())
            func addresses() -> Int {
                (Files.read("/proc/\(holder.pid)/net/if_inet6") ?? "").split(separator: "\n")
                    .count { $0.hasPrefix("fd53516477640001") }
            }
            let ready = OtherHost.isReachedByIPv6 ? SourceAddress.ready.count : 0
            #expect(addresses() == ready)
            let beyond = SourceAddress(number: SourceAddress.ready.upperBound)
            await beyond.take(in: holder)
            #expect(addresses() == ready + (OtherHost.isReachedByIPv6 ? 1 : 0))
            await beyond.giveUp(in: holder)
            #expect(addresses() == ready)
        }
        await host.end()
    }

    /// A helper works in the guests' network, as its session's user, without rights.
    private func expectShutIn(_ helper: ProcessHandle, _ holder: ProcessHandle?, _ files: SessionPaths) async throws {
        let process = "/proc/\(helper.pid)"
        func status() -> [Substring] { Files.read("\(process)/status")?.split(separator: "\n") ?? [] }
        func isWithoutRights() -> Bool { status().contains("CapEff:\t0000000000000000") }
        // It makes namespaces of its own first, in which it has rights, and tells nobody when it is done.
        let end = ContinuousClock.now + .seconds(10)
        while Files.target(of: "\(process)/exe")?.contains(Passt.program) != true || !isWithoutRights(),
            ContinuousClock.now < end
        {
            await Task.yield()
        }
        #expect(isWithoutRights(), "\(status())")
        let network = try #require(Files.target(of: "\(process)/ns/net"))
        #expect(network == Files.target(of: "/proc/\(try #require(holder).pid)/ns/net"))
        #expect(network != Files.target(of: "/proc/self/ns/net"))
        let user = try #require(Files.read(files.user)).filter(\.isNumber)
        #expect(user != "0" && status().contains("Uid:\t\(user)\t\(user)\t\(user)\t\(user)"), "\(status())")
    }

    @Test(.enabled(if: ControlGroupParents().controllers.contains("memory"), "no control group may be changed here"))
    func `a machine and its network's helper have limits, which go with them`() async throws {
        try await withMachines(1) { hypervisor, machines in
            let machine = machines[0]
            let helper = try #require(ProcessHandle(pidFile: machine.paths.networkPID, mark: Passt.program))
            let files = [
                "memory": (["memory.limit_in_bytes", "memory.max"], "\((128 + 1792) << 20)"),
                "pids": (["pids.max", "pids.max"], "257"), "cpu": (["cpu.shares", "cpu.weight"], ""),
            ]
            var groups: [String] = []
            for controller in ControlGroupParents(divides: false).controllers {
                let group = try #require(Self.group(of: machine.process.pid, controller))
                let limit = try #require(files[controller])
                #expect(group.directory.hasSuffix("/qwd-\(machine.session)"))
                let wanted = controller == "cpu" ? (group.isVersion2 ? "100" : "1024") : limit.1
                #expect(
                    Files.read("\(group.directory)/\(limit.0[group.isVersion2 ? 1 : 0])") == "\(wanted)\n",
                    "\(controller)")
                let members = Files.read("\(group.directory)/cgroup.procs")?.split(separator: "\n") ?? []
                #expect(
                    members.contains("\(machine.process.pid)") && members.contains("\(helper.pid)"), "\(controller)")
                groups.append(group.directory)
            }
            #expect(!groups.isEmpty)
            try await hypervisor.tearDown(MachineRef(machine.session, fence: 1))
            while groups.contains(where: { access($0, F_OK) == 0 }) { await hypervisor.checkUp() }
        }
    }

    /// A process's group: version 1 has one for each controller, version 2 one for all (cgroups(7)).
    private static func group(of pid: Int32, _ controller: String) -> (directory: String, isVersion2: Bool)? {
        let lines = (Files.read("/proc/\(pid)/cgroup") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        if let line = lines.first(where: { $0[1].split(separator: ",").contains { $0 == controller } }) {
            return ("/sys/fs/cgroup/\(controller)\(line[2])", false)
        }
        return lines.first { $0[0] == "0" }.map { ("/sys/fs/cgroup\($0[2])", true) }
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
            try await hypervisor.tearDown(MachineRef(machine.session, fence: 1))
            #expect(Files.names(in: paths.sessions) == [])
        }
    }
}
