import Catalogue
import Domain
package import Machines
package import Processes

/// QEMU's command line for a machine: always an array, never a text for a shell.
package enum QEMUArguments {
    package static let program = "qemu-system-x86_64"

    /// The descriptors that QEMU inherits, by number. It opens nothing of the host by name: what it may use it is given.
    enum Inherited: Int, CaseIterable {
        /// The listening QMP socket, as standard input: the worker is connected to it before QEMU even runs, so it waits
        /// for nothing and sees at once if QEMU ends.
        case qmp = 0
        case overlay = 3
        case monitor, network
        /// The machine's own file, read-only.
        case master
    }

    /// The arguments of a machine that starts paused.
    /// - Parameter vnc: Where its display is. It is told later which socket to listen at, so it needs no directory.
    package static func make(
        _ specification: MachineSpecification, accelerator: Accelerator, vnc: String = "none"
    ) -> [String] {
        identity(specification)
            + ["-machine", "pc"] + self.accelerator(accelerator)
            + ["-smp", "\(specification.cpu)", "-m", "\(specification.memoryMiB)M"]
            // Paused until the queue has committed the session; a shut-down guest stays, so that its end has a reason.
            + ["-S", "-no-shutdown"]
            + control() + disks(specification) + network() + devices(vnc)
    }

    private static func identity(_ specification: MachineSpecification) -> [String] {
        [
            "-name", "guest=qwd-\(specification.session),process=qwd-\(specification.session)", "-nodefaults",
            "-no-user-config", "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ]
    }

    private static func accelerator(_ accelerator: Accelerator) -> [String] {
        switch accelerator {
        case .kvm: ["-accel", "kvm", "-cpu", "host"]
        case .tcg: ["-accel", "tcg,thread=multi", "-cpu", "max"]
        }
    }

    private static func control() -> [String] {
        [(Inherited.qmp, "qmp"), (.monitor, "monitor")].flatMap { descriptor, name in
            [
                "-chardev", "socket,id=\(name),fd=\(descriptor.rawValue),server=on,wait=off", "-mon",
                "chardev=\(name),mode=control",
            ]
        }
    }

    private static func disks(_ specification: MachineSpecification) -> [String] {
        let machine = specification.machine
        let master =
            open(.master, "master", "read-only=on,auto-read-only=off")
            + ["-blockdev", "driver=\(machine.format.rawValue),file=master-file,node-name=master,read-only=on"]
        let overlay = open(.overlay, "disk", "discard=unmap")
        let disk = "driver=qcow2,file=disk-file,node-name=disk,discard=unmap,detect-zeroes=unmap"
        switch machine.kind {
        case .disk:
            return master + overlay + [
                "-blockdev", "\(disk),backing=master", "-device", "virtio-blk-pci,drive=disk,bootindex=1",
            ]
        case .iso:
            return master + overlay + [
                "-blockdev", disk, "-device", "virtio-blk-pci,drive=disk,bootindex=2", "-device",
                "ide-cd,drive=master,bootindex=1",
            ]
        }
    }

    /// A file that is there as a descriptor (qemu(1), -add-fd).
    private static func open(_ descriptor: Inherited, _ name: String, _ options: String) -> [String] {
        [
            "-add-fd", "fd=\(descriptor.rawValue),set=\(descriptor.rawValue)", "-blockdev",
            "driver=file,filename=/dev/fdset/\(descriptor.rawValue),node-name=\(name)-file,\(options)",
        ]
    }

    /// QEMU listens, passt connects: a passt that ended can be replaced while the machine runs.
    private static func network() -> [String] {
        [
            "-netdev", "stream,id=net,server=on,addr.type=fd,addr.str=\(Inherited.network.rawValue)", "-device",
            "virtio-net-pci,netdev=net,romfile=",
        ]
    }

    private static func devices(_ vnc: String) -> [String] {
        [
            "-device", "VGA", "-vnc", vnc, "-usb", "-device", "usb-tablet", "-device",
            "virtio-balloon-pci,free-page-reporting=on", "-device", "virtio-rng-pci", "-device", "pvpanic",
        ]
    }

    /// Opens what becomes QEMU's descriptors from 3 on.
    package static func inherited(
        _ specification: MachineSpecification, paths: SessionPaths
    ) throws(ProcessError) -> [Descriptor] {
        [
            try Files.open(paths.overlay, writable: true), try UnixSocket.listen(at: paths.monitor),
            try UnixSocket.listen(at: paths.network), try Files.open(specification.machine.path, writable: false),
        ]
    }

    /// A text that stands in the command line of this session's QEMU and of no other process but its guard.
    static func mark(_ session: SessionID) -> String {
        "guest=qwd-\(session),"
    }
}
