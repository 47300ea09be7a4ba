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
        make(MachineShape(specification, accelerator: accelerator), session: specification.session, vnc: vnc)
    }

    static func make(_ shape: MachineShape, session: SessionID, vnc: String = "none") -> [String] {
        identity(session)
            + ["-machine", shape.type] + accelerator(shape)
            + ["-smp", "\(shape.processors)", "-m", "\(shape.memoryMiB)M"]
            // Paused until the queue has committed the session; a shut-down guest stays, so that its end has a reason.
            + ["-S", "-no-shutdown"]
            + control() + files(shape) + network() + ["-vnc", vnc] + shape.devices.flatMap(device)
    }

    private static func identity(_ session: SessionID) -> [String] {
        [
            "-name", "guest=qwd-\(session),process=qwd-\(session)", "-nodefaults", "-no-user-config", "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ]
    }

    private static func accelerator(_ shape: MachineShape) -> [String] {
        let accelerator =
            switch shape.accelerator {
            case .kvm: "kvm"
            case .tcg: "tcg,thread=multi"
            }
        return ["-accel", accelerator, "-cpu", shape.cpuModel]
    }

    private static func control() -> [String] {
        [(Inherited.qmp, "qmp"), (.monitor, "monitor")].flatMap { descriptor, name in
            [
                "-chardev", "socket,id=\(name),fd=\(descriptor.rawValue),server=on,wait=off", "-mon",
                "chardev=\(name),mode=control",
            ]
        }
    }

    /// The files behind the disks, each under the name of its node.
    private static func files(_ shape: MachineShape) -> [String] {
        var master: DiskFormat?
        var isBelow = false
        for case .disk(let content, _, _) in shape.devices {
            switch content {
            case .master(let format): master = format
            case .overlay(let format?): (master, isBelow) = (format, true)
            case .overlay(nil): break
            }
        }
        let masterNode = master.map {
            open(.master, "master", "read-only=on,auto-read-only=off") + [
                "-blockdev", "driver=\($0.rawValue),file=master-file,node-name=master,read-only=on",
            ]
        }
        let overlay = "driver=qcow2,file=disk-file,node-name=disk,discard=unmap,detect-zeroes=unmap"
        return (masterNode ?? []) + open(.overlay, "disk", "discard=unmap") + [
            "-blockdev", isBelow ? "\(overlay),backing=master" : overlay,
        ]
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
        ["-netdev", "stream,id=net,server=on,addr.type=fd,addr.str=\(Inherited.network.rawValue)"]
    }

    private static func device(_ device: MachineShape.Device) -> [String] {
        switch device {
        case .disk(let content, let bus, let order):
            let node =
                switch content {
                case .master: "master"
                case .overlay: "disk"
                }
            let driver =
                switch bus {
                case .virtio: "virtio-blk-pci"
                case .cdrom: "ide-cd"
                }
            return ["-device", "\(driver),drive=\(node),bootindex=\(order)"]
        case .network(.virtio): return ["-device", "virtio-net-pci,netdev=net,romfile="]
        case .video(.standard): return ["-device", "VGA"]
        case .tablet: return ["-usb", "-device", "usb-tablet"]
        case .balloon: return ["-device", "virtio-balloon-pci,free-page-reporting=on"]
        case .random: return ["-device", "virtio-rng-pci"]
        case .panicNotifier: return ["-device", "pvpanic"]
        }
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
