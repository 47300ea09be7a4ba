/// What a machine is made of, as its guest meets it. Each part is what the catalogue says, or what starts the guest that is on
/// its disk (`HardwareChoice`). The raw values are the words of `machines.conf`.
package struct MachineHardware: Sendable, Hashable, Codable {
    package var architecture: Architecture
    package var firmware: Firmware
    /// Whether it has a trusted platform module (TPM 2.0).
    package var tpm: Bool
    package var diskBus: DiskBus
    package var networkCard: NetworkCard
    package var video: VideoCard
    package var sound: SoundCard
    package var input: InputDevice
    package var clock: Clock
    /// QEMU's name of a processor model; nil is the host's own under KVM, and all that QEMU can do without.
    package var cpuModel: String?
    /// QEMU's machine type.
    package var machineType: String

    /// As QEMU names it.
    package enum Architecture: String, Sendable, Hashable, Codable, CaseIterable {
        case amd64 = "x86_64"
        case arm64 = "aarch64"

        /// Also by the names that Debian and others have for it.
        package init?(written name: String) {
            switch name.lowercased() {
            case "x86_64", "x86-64", "amd64", "x64": self = .amd64
            case "aarch64", "arm64", "armv8": self = .arm64
            default: return nil
            }
        }

        /// That of this host.
        package static let ofHost: Architecture = {
            #if arch(arm64)
                return .arm64
            #else
                return .amd64
            #endif
        }()

        package var emulator: String { "qemu-system-\(rawValue)" }
        /// The Debian package of the emulator.
        package var package: String { self == .amd64 ? "qemu-system-x86" : "qemu-system-arm" }
    }

    package enum Firmware: String, Sendable, Hashable, Codable, CaseIterable {
        case bios, uefi
        /// UEFI that starts only what is signed.
        case secure
    }

    package enum DiskBus: String, Sendable, Hashable, Codable, CaseIterable {
        case virtio, sata, ide, scsi, nvme
    }

    package enum NetworkCard: String, Sendable, Hashable, Codable, CaseIterable {
        case virtio, e1000e, e1000, rtl8139, none
    }

    package enum VideoCard: String, Sendable, Hashable, Codable, CaseIterable {
        case std, virtio, qxl, vmware, ramfb
    }

    package enum SoundCard: String, Sendable, Hashable, Codable, CaseIterable {
        case none, hda, ac97
    }

    package enum InputDevice: String, Sendable, Hashable, Codable, CaseIterable {
        /// A pointer that is where the viewer's is.
        case tablet
        /// For guests that know no USB: a pointer that is only moved.
        case mouse
    }

    package enum Clock: String, Sendable, Hashable, Codable, CaseIterable {
        case utc, localtime
    }

    /// What a machine has of whose guest nothing is known but its architecture and its way to start.
    package init(architecture: Architecture = .amd64, firmware: Firmware? = nil) {
        let firmware = firmware ?? (architecture == .arm64 ? .uefi : .bios)
        self.architecture = architecture
        self.firmware = firmware
        tpm = false
        diskBus = architecture == .arm64 ? .virtio : .sata
        networkCard = architecture == .arm64 ? .virtio : .e1000
        video = architecture == .arm64 ? .virtio : .std
        sound = .none
        input = .tablet
        clock = .utc
        cpuModel = nil
        machineType = Self.machineType(architecture, firmware)
    }

    static func machineType(_ architecture: Architecture, _ firmware: Firmware) -> String {
        switch (architecture, firmware) {
        case (.arm64, _): "virt"
        case (.amd64, .bios): "pc"
        case (.amd64, _): "q35"
        }
    }
}
