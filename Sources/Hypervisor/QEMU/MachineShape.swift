package import Catalogue

/// What a machine is to its guest, and nothing of its host: no path, no id, no descriptor. Sessions with the same wishes have
/// equal shapes, and a state that was saved of one machine fits only a machine of the same shape.
package struct MachineShape: Sendable, Hashable, Codable {
    package enum Architecture: String, Sendable, Hashable, Codable {
        case amd64 = "x86_64"
    }

    package var architecture: Architecture
    /// QEMU's machine type.
    package var type: String
    /// What runs the guest's code, and the model of its processors that goes with it.
    package var accelerator: Accelerator
    package var cpuModel: String
    package var processors: Int
    package var memoryMiB: Int
    /// In this order they get their places on the machine's buses.
    package var devices: [Device]

    /// A part of the machine that its guest sees.
    package enum Device: Sendable, Hashable, Codable {
        /// - Parameter bootOrder: From 1, the first that is tried.
        case disk(DiskContent, bus: DiskBus, bootOrder: Int)
        case network(NetworkCard)
        case video(VideoCard)
        /// A pointer that is where the viewer's is.
        case tablet
        /// Gives memory that the guest has freed back to the host.
        case balloon
        /// Random numbers of the host.
        case random
        /// Tells that the guest's kernel has given up.
        case panicNotifier
    }

    /// What is on a disk.
    package enum DiskContent: Sendable, Hashable, Codable {
        /// The machine's own file, read-only.
        case master(DiskFormat)
        /// The session's disk: on top of the machine's file, or an empty one.
        case overlay(over: DiskFormat?)
    }

    package enum DiskBus: String, Sendable, Hashable, Codable {
        case virtio, cdrom
    }

    package enum NetworkCard: String, Sendable, Hashable, Codable {
        case virtio
    }

    package enum VideoCard: String, Sendable, Hashable, Codable {
        case standard
    }
}

extension MachineShape {
    init(_ specification: MachineSpecification, accelerator: Accelerator) {
        let machine = specification.machine
        let disks: [Device] =
            switch machine.kind {
            case .disk: [.disk(.overlay(over: machine.driver), bus: .virtio, bootOrder: 1)]
            case .iso:
                [
                    .disk(.overlay(over: nil), bus: .virtio, bootOrder: 2),
                    .disk(.master(machine.driver), bus: .cdrom, bootOrder: 1),
                ]
            }
        architecture = .amd64
        type = "pc"
        self.accelerator = accelerator
        cpuModel =
            switch accelerator {
            case .kvm: "host"
            case .tcg: "max"
            }
        processors = specification.cpu
        memoryMiB = specification.memoryMiB
        devices = disks + [.network(.virtio), .video(.standard), .tablet, .balloon, .random, .panicNotifier]
    }
}
