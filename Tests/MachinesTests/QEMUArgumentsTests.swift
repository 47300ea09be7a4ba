import Domain
import Testing

@testable import Machines

@Suite struct QEMUArgumentsTests {
    private let paths = HostPaths(runtime: "/run/qwd", state: "/var/lib/qwd").session(SessionID(milliseconds: 1))

    private func specify(_ machine: Machine) -> MachineSpecification {
        MachineSpecification(
            session: SessionID(milliseconds: 1), fence: 1, machine: machine, cpu: 2, memoryMiB: 3072, diskGiB: 10,
            oneShot: false)
    }

    private func value(_ option: String, in arguments: [String]) -> String? {
        arguments.firstIndex(of: option).map { arguments[$0 + 1] }
    }

    @Test func `a machine starts paused, in the sandbox and without defaults`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        let arguments = QEMUArguments.make(specify(machine), paths: paths, accelerator: .tcg)
        #expect(arguments.contains("-S"))
        #expect(arguments.contains("-nodefaults"))
        #expect(arguments.contains("-no-user-config"))
        #expect(
            value("-sandbox", in: arguments)
                == "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
        #expect(!arguments.contains("-daemonize"))
        #expect(!arguments.contains("-k"))
        #expect(value("-smp", in: arguments) == "2")
        #expect(value("-m", in: arguments) == "3072M")
    }

    @Test func `nothing listens on a TCP port`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        let arguments = QEMUArguments.make(specify(machine), paths: paths, accelerator: .tcg)
        #expect(value("-vnc", in: arguments) == "unix:\(paths.vnc)")
        #expect(!arguments.contains { $0.contains("tcp:") || $0.contains("127.0.0.1") })
    }

    @Test func `an ISO boots from its drive and has an empty disk beside it`() throws {
        let machine = Machine(name: "i", description: "", path: "/m/i.iso", kind: .iso, format: .raw)
        let arguments = QEMUArguments.make(specify(machine), paths: paths, accelerator: .tcg)
        let cdrom = try #require(arguments.first { $0.contains("media=cdrom") })
        #expect(cdrom.contains("file=/m/i.iso") && cdrom.contains("format=raw") && cdrom.contains("readonly=on"))
        #expect(arguments.contains("ide-cd,drive=cdrom,bootindex=1"))
    }

    @Test func `a disk machine's own file is never given to QEMU, only the overlay`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        let arguments = QEMUArguments.make(specify(machine), paths: paths, accelerator: .tcg)
        #expect(!arguments.contains { $0.contains("/m/d.qcow2") })
        #expect(arguments.contains { $0.contains("file=\(paths.overlay),format=qcow2") })
    }

    @Test func `a comma in a path is no new option`() {
        let machine = Machine(name: "i", description: "", path: "/m/a,id=b.iso", kind: .iso, format: .raw)
        let arguments = QEMUArguments.make(specify(machine), paths: paths, accelerator: .tcg)
        #expect(arguments.contains { $0.contains("file=/m/a,,id=b.iso,") })
    }

    @Test(arguments: [(Accelerator.kvm, "kvm"), (.tcg, "tcg,thread=multi")])
    func `the accelerator is the one that was found to work`(accelerator: Accelerator, option: String) {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        #expect(
            value("-accel", in: QEMUArguments.make(specify(machine), paths: paths, accelerator: accelerator)) == option)
    }
}
