/// QEMU's command line for a machine: always an array, never a text for a shell.
package enum QEMUArguments {
    package static let program = "qemu-system-x86_64"

    /// The arguments of a machine that starts paused.
    ///
    /// Descriptor 0 of the new process is the listening QMP socket: the worker is connected to it before QEMU even runs,
    /// so it waits for nothing and sees at once if QEMU ends.
    package static func make(
        _ specification: MachineSpecification, paths: SessionPaths, accelerator: Accelerator
    ) -> [String] {
        identity(specification)
            + ["-machine", "pc"] + self.accelerator(accelerator)
            + ["-smp", "\(specification.cpu)", "-m", "\(specification.memoryMiB)M"]
            // Paused until the queue has committed the session; a shut-down guest stays, so that its end has a reason.
            + ["-S", "-no-shutdown", "-pidfile", paths.pid]
            + control(paths) + disks(specification, paths) + network(paths) + devices(paths)
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

    private static func control(_ paths: SessionPaths) -> [String] {
        [
            "-chardev", "socket,id=qmp,fd=0,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
            "-qmp", "unix:\(escape(paths.monitor)),server=on,wait=off",
        ]
    }

    private static func disks(_ specification: MachineSpecification, _ paths: SessionPaths) -> [String] {
        let overlay =
            "file=\(escape(paths.overlay)),format=qcow2,if=none,id=disk,discard=unmap,detect-zeroes=unmap,cache=writeback"
        let disk = ["-drive", overlay]
        switch specification.machine.kind {
        case .disk:
            return disk + ["-device", "virtio-blk-pci,drive=disk,bootindex=1"]
        case .iso:
            return disk + [
                "-device", "virtio-blk-pci,drive=disk,bootindex=2", "-drive",
                "file=\(escape(specification.machine.path)),format=raw,if=none,id=cdrom,media=cdrom,readonly=on",
                "-device", "ide-cd,drive=cdrom,bootindex=1",
            ]
        }
    }

    /// QEMU listens, passt connects: a passt that ended can be replaced while the machine runs.
    private static func network(_ paths: SessionPaths) -> [String] {
        [
            "-netdev", "stream,id=net,server=on,addr.type=unix,addr.path=\(escape(paths.network))", "-device",
            "virtio-net-pci,netdev=net,romfile=",
        ]
    }

    private static func devices(_ paths: SessionPaths) -> [String] {
        [
            "-device", "VGA", "-vnc", "unix:\(escape(paths.vnc))", "-usb", "-device", "usb-tablet", "-device",
            "virtio-balloon-pci,free-page-reporting=on", "-device", "virtio-rng-pci", "-device", "pvpanic",
        ]
    }

    /// A text that stands in the command line of this session's QEMU and of no other process.
    static func mark(_ paths: SessionPaths) -> String {
        "-pidfile \(paths.pid) "
    }

    /// A comma ends a value in QEMU's options; two of them mean one.
    static func escape(_ value: String) -> String {
        value.replacing(",", with: ",,")
    }
}
