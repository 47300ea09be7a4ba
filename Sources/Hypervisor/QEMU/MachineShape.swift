package import Catalogue

/// What a machine is to its guest, and nothing of its host: no path, no id, no descriptor. Sessions with the same wishes have
/// equal shapes, and a state that was saved of one machine fits only a machine of the same shape.
package struct MachineShape: Sendable, Hashable, Codable {
    package var architecture: MachineHardware.Architecture
    package var firmware: MachineHardware.Firmware
    /// QEMU's machine type.
    package var type: String
    /// What runs the guest's code, and the model of its processors that goes with it.
    package var accelerator: Accelerator
    package var cpuModel: String
    package var processors: Int
    package var memoryMiB: Int
    package var clock: MachineHardware.Clock
    /// In this order they get their places on the machine's buses.
    package var devices: [Device]

    /// A part of the machine that its guest sees.
    package enum Device: Sendable, Hashable, Codable {
        /// - Parameter bootOrder: From 1, the first that is tried; nil for one that nothing starts from.
        case disk(DiskContent, bus: MachineHardware.DiskBus, bootOrder: Int?)
        case cdrom(DiskContent, bootOrder: Int?)
        case network(MachineHardware.NetworkCard)
        case video(MachineHardware.VideoCard)
        case sound(MachineHardware.SoundCard)
        /// Keyboard and pointer.
        case input(MachineHardware.InputDevice)
        case tpm
        /// Gives memory that the guest has freed back to the host.
        case balloon
        /// Random numbers of the host.
        case random
        /// Tells that the guest's kernel has given up.
        case panicNotifier
        /// A console of text, whose last lines are kept.
        case serial
        /// What a BIOS says of its work.
        case firmwareLog
        /// The doors of programs in the guest: its agent, and the clipboard.
        case agents
        /// A directory of the host, by the name under which the guest finds it.
        case folder(tag: String)
    }

    /// What is on a disk or CD.
    package enum DiskContent: Sendable, Hashable, Codable {
        /// An image of the catalogue, read-only: the machine's own, or one of its further CDs.
        case image(Place, DiskFormat)
        /// The machine's own image, which the session writes to.
        case master(DiskFormat)
        /// A disk of the session: on top of an image, or an empty one.
        case overlay(Place, over: DiskFormat?)

        /// Which one. The raw values are parts of the names of QEMU's nodes and of files.
        package enum Place: String, Sendable, Hashable, Codable, CaseIterable {
            case own = ""
            case disk2 = "2"
            case cdrom = "-cd1"
            case cdrom2 = "-cd2"
        }
    }
}

extension MachineShape {
    init(_ specification: MachineSpecification, accelerator: Accelerator) {
        let machine = specification.machine
        let hardware = machine.hardware
        architecture = hardware.architecture
        firmware = hardware.firmware
        type = hardware.machineType
        self.accelerator = accelerator.running(architecture)
        cpuModel = hardware.cpuModel ?? (self.accelerator == .kvm ? "host" : "max")
        processors = specification.cpu
        memoryMiB = specification.memoryMiB
        clock = hardware.clock
        devices = Self.disks(machine, usesMaster: specification.usesMaster)
        if hardware.networkCard != .none { devices.append(.network(hardware.networkCard)) }
        devices += [.video(hardware.video), .input(hardware.input)]
        if hardware.sound != .none { devices.append(.sound(hardware.sound)) }
        if hardware.tpm { devices.append(.tpm) }
        devices += [.balloon, .random, .serial, .agents]
        // An ISA device, of which others have none.
        if architecture == .amd64 { devices.append(.panicNotifier) }
        if firmware == .bios { devices.append(.firmwareLog) }
        devices += specification.folders.map { .folder(tag: $0.tag) }
    }

    private static func disks(_ machine: Machine, usesMaster: Bool) -> [Device] {
        let bus = machine.hardware.diskBus
        var disks: [Device] =
            switch machine.kind {
            case .disk where usesMaster: [.disk(.master(machine.driver), bus: bus, bootOrder: 1)]
            case .disk: [.disk(.overlay(.own, over: machine.driver), bus: bus, bootOrder: 1)]
            case .iso:
                [
                    .disk(.overlay(.own, over: nil), bus: bus, bootOrder: 2),
                    .cdrom(.image(.own, machine.driver), bootOrder: 1),
                ]
            }
        if let second = machine.disk2 {
            disks.append(.disk(.overlay(.disk2, over: second.driver), bus: bus, bootOrder: nil))
        }
        for (place, cdrom) in zip([DiskContent.Place.cdrom, .cdrom2], machine.cdroms) {
            disks.append(.cdrom(.image(place, cdrom.driver), bootOrder: nil))
        }
        return disks
    }
}

extension MachineShape {
    /// What is on its disks and CDs, in the order of these.
    var contents: [DiskContent] {
        devices.compactMap { device in
            switch device {
            case .disk(let content, _, _), .cdrom(let content, _): content
            default: nil
            }
        }
    }

    /// The names of its folders, in their order.
    var folders: [String] {
        devices.compactMap { if case .folder(let tag) = $0 { tag } else { nil } }
    }

    var hasNetwork: Bool {
        devices.contains { if case .network = $0 { true } else { false } }
    }

    /// Files of its firmware on this host; nil for a BIOS.
    var uefi: MachinePrograms.UEFI? { MachinePrograms.uefi(architecture, firmware) }

    /// Whether only the firmware itself may write its settings, as it must be where a system could change what is trusted.
    var needsProtectedFlash: Bool { architecture == .amd64 && firmware == .secure }
}
