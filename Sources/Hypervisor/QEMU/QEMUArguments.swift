import Catalogue
import Domain
package import Machines
package import Processes

/// QEMU's command line for a machine: always an array, never a text for a shell.
package enum QEMUArguments {
    /// The arguments of a machine that starts paused.
    /// - Parameter vnc: Where its display is. It is told later which socket to listen at, so it needs no directory.
    package static func make(
        _ specification: MachineSpecification, accelerator: Accelerator, vnc: String = "none"
    ) -> [String] {
        make(MachineShape(specification, accelerator: accelerator), session: specification.session, vnc: vnc)
    }

    static func make(
        _ shape: MachineShape, session: SessionID, rate: DiskRate = .unlimited, vnc: String = "none"
    ) -> [String] {
        let doors = InheritedDescriptors(shape)
        return identity(session)
            + ["-machine", machine(shape)] + accelerator(shape)
            // One socket: systems for one user's computer take no more than two.
            + [
                "-smp", "\(shape.processors),sockets=1,cores=\(shape.processors),threads=1", "-m",
                "\(shape.memoryMiB)M",
            ] + memory(shape)
            // Paused until the queue has committed the session; a shut-down guest stays, so that its end has a reason.
            + ["-S", "-no-shutdown", "-rtc", "base=\(shape.clock.rawValue)"]
            + control(doors) + rate.arguments + files(shape, doors, rate) + network(shape, doors) + ["-vnc", vnc]
            + QEMUDevices(shape, doors).arguments
    }

    private static func identity(_ session: SessionID) -> [String] {
        [
            "-name", "guest=qwd-\(session),process=qwd-\(session)", "-nodefaults", "-no-user-config", "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ]
    }

    private static func machine(_ shape: MachineShape) -> String {
        var words = [shape.type]
        // As many processors as asked for: version 2 of its interrupt controller knows eight.
        if shape.architecture == .arm64 { words.append("gic-version=max") }
        if shape.firmware != .bios { words += ["pflash0=code", "pflash1=variables"] }
        if shape.needsProtectedFlash { words.append("smm=on") }
        if !shape.folders.isEmpty { words.append("memory-backend=memory") }
        return words.joined(separator: ",")
    }

    /// Memory that file servers can reach: they put into it what a guest reads.
    private static func memory(_ shape: MachineShape) -> [String] {
        shape.folders.isEmpty
            ? [] : ["-object", "memory-backend-memfd,id=memory,size=\(shape.memoryMiB)M,share=on"]
    }

    private static func accelerator(_ shape: MachineShape) -> [String] {
        let accelerator =
            switch shape.accelerator {
            case .kvm: "kvm"
            case .tcg: "tcg,thread=multi"
            }
        let flash = shape.needsProtectedFlash ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []
        return ["-accel", accelerator, "-cpu", shape.cpuModel] + flash
    }

    private static func control(_ doors: InheritedDescriptors) -> [String] {
        [(0, "qmp"), (doors.number(of: .monitor), "monitor")].flatMap { descriptor, name in
            ["-chardev", doors.socket(name, descriptor), "-mon", "chardev=\(name),mode=control"]
        }
    }

    /// The files behind the disks, each under the name of its node.
    private static func files(_ shape: MachineShape, _ doors: InheritedDescriptors, _ rate: DiskRate) -> [String] {
        var words: [String] = []
        for content in shape.contents {
            switch content {
            case .image(let place, let format):
                let node = "master\(place.rawValue)"
                words += image(place, format, doors, node: rate.format(of: node)) + rate.filter(node)
            case .master(let format):
                words += open(doors.number(of: .master), "disk", "discard=unmap")
                words += [
                    "-blockdev",
                    "driver=\(format.rawValue),file=disk-file,node-name=\(rate.format(of: "disk")),discard=unmap,detect-zeroes=unmap",
                ]
                words += rate.filter("disk")
            case .overlay(let place, let format):
                // Who reads it reads the disk on top of it, and is counted there.
                if let format { words += image(place, format, doors, node: "master\(place.rawValue)") }
                let name = "disk\(place.rawValue)"
                words += open(doors.number(of: .overlay(place)), name, "discard=unmap")
                words += [
                    "-blockdev",
                    "driver=qcow2,file=\(name)-file,node-name=\(rate.format(of: name)),discard=unmap,detect-zeroes=unmap"
                        + (format == nil ? "" : ",backing=master\(place.rawValue)"),
                ]
                words += rate.filter(name)
            }
        }
        guard let firmware = shape.uefi else { return words }
        return words + ["-blockdev", "driver=file,filename=\(firmware.code),node-name=code,read-only=on"]
            + ["-add-fd", "fd=\(doors.number(of: .variables)),set=\(doors.number(of: .variables))"]
            + ["-blockdev", "driver=file,filename=/dev/fdset/\(doors.number(of: .variables)),node-name=variables"]
    }

    private static func image(
        _ place: MachineShape.DiskContent.Place, _ format: DiskFormat, _ doors: InheritedDescriptors, node: String
    ) -> [String] {
        let name = "master\(place.rawValue)"
        return open(doors.number(of: .image(place)), name, "read-only=on,auto-read-only=off") + [
            "-blockdev", "driver=\(format.rawValue),file=\(name)-file,node-name=\(node),read-only=on",
        ]
    }

    /// A file that is there as a descriptor (qemu(1), -add-fd).
    private static func open(_ descriptor: Int, _ name: String, _ options: String) -> [String] {
        [
            "-add-fd", "fd=\(descriptor),set=\(descriptor)", "-blockdev",
            "driver=file,filename=/dev/fdset/\(descriptor),node-name=\(name)-file,\(options)",
        ]
    }

    /// QEMU listens, passt connects: a passt that ended can be replaced while the machine runs.
    private static func network(_ shape: MachineShape, _ doors: InheritedDescriptors) -> [String] {
        guard shape.hasNetwork else { return [] }
        return ["-netdev", "stream,id=net,server=on,addr.type=fd,addr.str=\(doors.number(of: .network))"]
    }

    /// Opens what becomes QEMU's descriptors from 3 on, for a machine without a trusted platform module.
    package static func inherited(
        _ specification: MachineSpecification, accelerator: Accelerator, paths: SessionPaths
    ) throws(ProcessError) -> [Descriptor] {
        try InheritedDescriptors(MachineShape(specification, accelerator: accelerator)).open(
            specification.machine, paths: paths, tpm: nil, folders: [])
    }

    /// A text that stands in the command line of this session's QEMU and of no other process but its guard.
    static func mark(_ session: SessionID) -> String {
        "guest=qwd-\(session),"
    }
}
