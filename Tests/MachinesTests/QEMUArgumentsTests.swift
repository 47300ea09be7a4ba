@testable import Catalogue
import Domain
import Foundation
@testable import Hypervisor
import Testing

@Suite struct QEMUArgumentsTests {
    private func specify(_ machine: Machine) -> MachineSpecification {
        MachineSpecification(
            session: SessionID(milliseconds: 1), fence: 1, machine: machine, cpu: 2, memoryMiB: 3072, diskGiB: 10)
    }

    private func value(_ option: String, in arguments: [String]) -> String? {
        arguments.firstIndex(of: option).map { arguments[$0 + 1] }
    }

    @Test func `a machine starts paused, in the sandbox and without defaults`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .tcg)
        #expect(arguments.contains("-S"))
        #expect(arguments.contains("-nodefaults"))
        #expect(arguments.contains("-no-user-config"))
        #expect(
            value("-sandbox", in: arguments)
                == "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
        #expect(!arguments.contains("-daemonize"))
        #expect(!arguments.contains("-k"))
        #expect(value("-smp", in: arguments) == "2,sockets=1,cores=2,threads=1")
        #expect(value("-m", in: arguments) == "3072M")
    }

    @Test func `what a session may write counts as its disk, whatever it is made of`() {
        var disk = Machine(name: "d", description: "", path: "/d", kind: .disk, format: .raw)
        #expect(disk.published.diskGiB == nil)
        disk.virtualSizeBytes = 5 << 30 + 512
        #expect(disk.published.diskGiB == 6)
        disk.diskGiB = 20
        disk.disk2 = Machine.AttachedImage(path: "/2", driver: .raw, virtualSizeBytes: 3 << 30)
        #expect(disk.published.diskGiB == 23)
        var disc = Machine(name: "i", description: "", path: "/i", kind: .iso, format: .raw)
        #expect(disc.published.diskGiB == nil)
        disc.diskGiB = 4
        #expect(disc.published.diskGiB == 4)
    }

    @Test func `nothing listens on a TCP port`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .tcg)
        #expect(value("-vnc", in: arguments) == "none")
        #expect(!arguments.contains { $0.contains("tcp:") || $0.contains("127.0.0.1") })
    }

    @Test func `an ISO boots from its drive and has an empty disk beside it`() {
        let machine = Machine(name: "i", description: "", path: "/m/i.iso", kind: .iso, format: .raw)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .tcg)
        #expect(arguments.contains("driver=raw,file=master-file,node-name=master,read-only=on"))
        #expect(arguments.contains("ide-cd,bus=ide.1,unit=0,drive=master,bootindex=1"))
        #expect(arguments.contains("driver=qcow2,file=disk-file,node-name=disk,discard=unmap,detect-zeroes=unmap"))
    }

    @Test func `a disk is below its overlay, in the format that was found out`() {
        let machine = Machine(name: "d", description: "", path: "/m/d.vmdk", kind: .disk, format: .vmdk)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .tcg)
        #expect(arguments.contains("driver=vmdk,file=master-file,node-name=master,read-only=on"))
        #expect(arguments.contains { $0.hasPrefix("driver=qcow2,file=disk-file,") && $0.hasSuffix(",backing=master") })
    }

    @Test(arguments: [Machine.Kind.disk, .iso])
    func `no file has a name there: disks are descriptors, and the machine's own can't be written`(kind: Machine.Kind) {
        let machine = Machine(name: "d", description: "", path: "/m/a,id=b", kind: kind, format: .raw)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .tcg)
        #expect(!arguments.contains { $0.contains("/m/") })
        #expect(
            arguments.contains(
                "driver=file,filename=/dev/fdset/6,node-name=master-file,read-only=on,auto-read-only=off"))
        #expect(arguments.contains("driver=file,filename=/dev/fdset/3,node-name=disk-file,discard=unmap"))
    }

    @Test(arguments: [(Accelerator.kvm, "kvm"), (.tcg, "tcg,thread=multi")])
    func `the accelerator is the one that was found to work`(accelerator: Accelerator, option: String) {
        let machine = Machine(name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2)
        #expect(
            value("-accel", in: QEMUArguments.make(specify(machine), accelerator: accelerator)) == option)
    }

    @Test func `a guest of another architecture is translated, whatever accelerates the others`() {
        let other: MachineHardware.Architecture =
            MachineHardware.Architecture.ofHost == .amd64 ? .arm64 : .amd64
        let machine = Machine(
            name: "d", description: "", path: "/m/d.qcow2", kind: .disk, format: .qcow2,
            hardware: MachineHardware(architecture: other))
        let shape = MachineShape(specify(machine), accelerator: .kvm)
        #expect(shape.accelerator == .tcg && shape.cpuModel == "max")
        #expect(Accelerator.kvm.running(.ofHost) == .kvm)
    }

    @Test(arguments: [Machine.Kind.disk, .iso])
    func `a machine's shape has nothing of its session, and the command line is made of both`(kind: Machine.Kind) throws
    {
        let machine = Machine(name: "d", description: "", path: "/m/secret", kind: kind, format: .raw)
        let other = MachineSpecification(
            session: SessionID(milliseconds: 2), fence: 9, machine: machine, cpu: 2, memoryMiB: 3072, diskGiB: 20)
        let shape = MachineShape(specify(machine), accelerator: .tcg)
        #expect(shape == MachineShape(other, accelerator: .tcg))
        #expect(shape != MachineShape(other, accelerator: .kvm))
        var larger = other
        larger.cpu = 3
        #expect(shape != MachineShape(larger, accelerator: .tcg))

        let text = try JSONEncoder().encode(shape)
        #expect(!String(decoding: text, as: UTF8.self).contains("secret"))
        let read = try JSONDecoder().decode(MachineShape.self, from: text)
        #expect(read == shape)
        let specification = specify(machine)
        #expect(
            QEMUArguments.make(read, session: specification.session)
                == QEMUArguments.make(specification, accelerator: .tcg))
    }

    @Test func `the devices of an ISO of which nothing is known`() {
        let machine = Machine(name: "i", description: "", path: "/m/i.iso", kind: .iso, format: .raw)
        let arguments = QEMUArguments.make(specify(machine), accelerator: .kvm)
        let devices = zip(arguments, arguments.dropFirst()).filter { $0.0 == "-device" }.map(\.1)
        #expect(
            devices == [
                "ich9-ahci,id=sata", "ide-hd,bus=sata.0,drive=disk,bootindex=2",
                "ide-cd,bus=ide.1,unit=0,drive=master,bootindex=1", "e1000,netdev=net,romfile=", "VGA", "usb-tablet",
                "virtio-balloon-pci,free-page-reporting=on", "virtio-rng-pci", "virtio-serial-pci",
                "virtserialport,chardev=agent,id=agent,name=org.qemu.guest_agent.0",
                "virtserialport,chardev=clipboard,name=com.redhat.spice.0", "pvpanic",
                "isa-debugcon,iobase=0x402,chardev=firmware",
            ])
    }
}
